"""BatchExecuteStatement of the sandbox's DynamoDB, held to what AWS documents of it.

The library's own client asks, so that requests and answers have DynamoDB's form.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb import DynamoDBClient

from tests.contract.conftest import Clients

_numbers = itertools.count(1)

NESTED: dict[str, Any] = {"M": {"list": {"L": [{"N": "1"}, {"M": {"deep": {"S": "x"}}}]}}}


class Statements:
    """Batches on one table with the key `id`, as a test words them."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def run(self, *statements: dict[str, Any]) -> list[dict[str, Any]]:
        """Send one batch, and return its responses."""
        asked: Any = statements
        answer: Any = self.client.batch_execute_statement(Statements=list(asked))
        responses: list[dict[str, Any]] = answer["Responses"]
        return responses

    def insert(self, key: str, **attributes: Any) -> dict[str, Any]:
        """An INSERT with a parameter for each attribute."""
        item = {"id": {"S": key}, **attributes}
        named = ", ".join(f"'{name}': ?" for name in item)
        return {
            "Statement": f'INSERT INTO "{self.table}" VALUE {{{named}}}',
            "Parameters": list(item.values()),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def update(self, rest: str, *parameters: Any, old: str = "ALL_OLD") -> dict[str, Any]:
        """An UPDATE of the table, and what it asks to be told where its condition fails."""
        return {
            "Statement": f'UPDATE "{self.table}" {rest}',
            "Parameters": list(parameters),
            "ReturnValuesOnConditionCheckFailure": old,
        }

    def item(self, key: str) -> dict[str, Any] | None:
        """The item with that key, as GetItem finds it."""
        found: Any = self.client.get_item(
            TableName=self.table, Key={"id": {"S": key}}, ConsistentRead=True
        )
        item: dict[str, Any] | None = found.get("Item")
        return item

    def refused(self, *statements: dict[str, Any]) -> str:
        """The message of the ValidationException that refuses the whole batch."""
        with pytest.raises(ClientError) as caught:
            self.run(*statements)
        assert caught.value.response["Error"]["Code"] == "ValidationException"
        return str(caught.value.response["Error"]["Message"])

    def code(self, statement: dict[str, Any]) -> str:
        """The code of the error that one statement alone fails with."""
        [response] = self.run(statement)
        return str(response["Error"]["Code"])


@pytest.fixture
def statements(clients: Clients) -> Statements:
    """A new table with a string key."""
    name = f"statements-{next(_numbers)}"
    clients.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    return Statements(clients.dynamodb, name)


SWAP = 'SET "state" = ? SET nonce = ? REMOVE reason WHERE id = ? AND nonce = ?'


def put(statements: Statements, key: str, **attributes: Any) -> dict[str, Any]:
    """Put an item with PutItem, and return it."""
    item = {"id": {"S": key}, **attributes}
    statements.client.put_item(TableName=statements.table, Item=item)
    return item


def test_an_insert_stores_every_type_of_attribute(statements: Statements) -> None:
    """GetItem finds what a statement's parameters inserted."""
    attributes = {
        "state": {"S": "claimed"},
        "token": {"N": "7"},
        "queued": {"BOOL": False},
        "nothing": {"NULL": True},
        "nested": NESTED,
        "names": {"SS": ["a", "b"]},
        "it's": {"S": "é 'quoted'"},
    }
    statement = statements.insert("a", **attributes)
    statement["Statement"] = statement["Statement"].replace("it's", "it''s")

    assert statements.run(statement) == [{"TableName": statements.table}]
    assert statements.item("a") == {"id": {"S": "a"}, **attributes}


def test_a_literal_is_a_value_too(statements: Statements) -> None:
    """Strings, numbers, truth values and NULL may stand in the statement itself."""
    statement = (
        f'insert into "{statements.table}" value '
        "{'id': 'a''b', 'n': -1.5, 'yes': true, 'no': FALSE, 'none': null}"
    )
    statements.run({"Statement": statement})
    assert statements.item("a'b") == {
        "id": {"S": "a'b"},
        "n": {"N": "-1.5"},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "none": {"NULL": True},
    }


def test_an_insert_fails_alone_where_its_key_is_taken(statements: Statements) -> None:
    """The others are carried out, and the item that was there stays. AWS documents no Item."""
    taken = put(statements, "taken", nonce={"S": "n1"})

    first, second, third = statements.run(
        statements.insert("a"),
        statements.insert("taken", nonce={"S": "n2"}),
        statements.insert("b"),
    )

    assert first == third == {"TableName": statements.table}
    assert second["Error"] == {
        "Code": "DuplicateItem",
        "Message": "Duplicate primary key exists in table",
    }
    assert "Item" not in second
    assert statements.item("taken") == taken
    assert statements.item("a")
    assert statements.item("b")


def test_an_update_changes_what_it_names_and_leaves_the_rest(statements: Statements) -> None:
    """SET replaces or adds, REMOVE takes away, and other attributes stay."""
    put(
        statements,
        "a",
        nonce={"S": "n1"},
        reason={"S": "rejected"},
        nested=NESTED,
        last={"S": "x"},
    )
    answer = statements.run(
        statements.update(
            'SET "state" = ?, more = 1 SET nonce = ? REMOVE reason REMOVE absent '
            "WHERE id = ? AND nonce = ?",
            {"S": "done"},
            {"S": "n2"},
            {"S": "a"},
            {"S": "n1"},
        )
    )
    assert answer == [{"TableName": statements.table}]
    assert statements.item("a") == {
        "id": {"S": "a"},
        "nonce": {"S": "n2"},
        "state": {"S": "done"},
        "more": {"N": "1"},
        "nested": NESTED,
        "last": {"S": "x"},
    }


@pytest.mark.parametrize("old", ["ALL_OLD", "NONE"])
def test_an_update_of_another_version_fails_alone(statements: Statements, old: str) -> None:
    """ALL_OLD adds the item found to the error; nothing of it is changed."""
    there = put(statements, "a", nonce={"S": "n9"}, nested=NESTED)
    put(statements, "b", nonce={"S": "n1"})
    changes = [
        statements.update(SWAP, {"S": "done"}, {"S": "n2"}, {"S": key}, {"S": "n1"}, old=old)
        for key in "ab"
    ]

    first, second = statements.run(*changes)

    item = {"Item": there} if old == "ALL_OLD" else {}
    message = "The conditional request failed"
    assert first["Error"] == {"Code": "ConditionalCheckFailed", "Message": message, **item}
    assert second == {"TableName": statements.table}
    assert statements.item("a") == there
    assert (statements.item("b") or {})["nonce"] == {"S": "n2"}


def test_an_update_of_an_absent_item_fails_and_creates_none(statements: Statements) -> None:
    """A condition on the key alone is a condition that the item exists."""
    changes = [
        statements.update(SWAP, {"S": "done"}, {"S": "n2"}, {"S": "a"}, {"S": "n1"}),
        statements.update("SET nonce = ? WHERE id = ?", {"S": "n2"}, {"S": "b"}),
    ]
    for response in statements.run(*changes):
        assert response["Error"]["Code"] == "ConditionalCheckFailed"
        assert "Item" not in response["Error"]
    assert statements.item("a") is None
    assert statements.item("b") is None


def delete(statements: Statements, key: str, last: str) -> dict[str, Any]:
    """Give a DELETE of an item whose attribute `last` has this value."""
    text = f'DELETE FROM "{statements.table}" WHERE id = ? AND "last" = ?'  # noqa: S608 — values are apart
    return {"Statement": text, "Parameters": [{"S": key}, {"S": last}]}


def test_a_delete_takes_the_item_that_fits_and_fails_at_another(statements: Statements) -> None:
    """An absent item is deleted without an error, as AWS documents; another version stays."""
    put(statements, "a", last={"S": "x"})
    other = put(statements, "b", last={"S": "y"})

    fits, differs, absent = statements.run(*(delete(statements, key, "x") for key in "abc"))

    assert "Error" not in fits
    assert differs["Error"]["Code"] == "ConditionalCheckFailed"
    assert "Error" not in absent
    assert [statements.item(key) for key in "abc"] == [None, other, None]


def test_twenty_five_statements_are_answered_in_their_order(statements: Statements) -> None:
    """One more refuses the whole batch, and none is carried out."""
    for number in range(0, 25, 2):
        put(statements, str(number))
    inserts = [statements.insert(str(number)) for number in range(26)]

    assert "25" in statements.refused(*inserts)
    assert statements.item("1") is None
    responses = statements.run(*inserts[:25])
    assert ["Error" in each for each in responses] == [n % 2 == 0 for n in range(25)]


def test_reads_and_writes_do_not_mix(statements: Statements) -> None:
    """The whole batch is refused, and the write is not carried out."""
    read = {"Statement": "SELECT * FROM anything WHERE id = 'b'"}
    assert "Read and write" in statements.refused(read, statements.insert("a"))
    assert statements.item("a") is None


def test_a_batch_of_reads_is_refused(statements: Statements) -> None:
    """The stand-in says that it carries out writes only; DynamoDB reads items in batches too."""
    read = {"Statement": "SELECT * FROM anything WHERE id = 'a'"}
    assert "writes only" in statements.refused(read)


def test_two_statements_on_one_item_refuse_the_batch(statements: Statements) -> None:
    """An INSERT and an UPDATE of the same key count as two; none is carried out."""
    change = statements.update("SET nonce = ? WHERE id = ?", {"S": "n"}, {"S": "a"})
    message = statements.refused(statements.insert("b"), statements.insert("a"), change)
    assert "duplicates" in message
    assert statements.item("a") is None
    assert statements.item("b") is None


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        pytest.param("SET state = ? WHERE id = ?", 2, id="reserved word in SET"),
        pytest.param("REMOVE Token WHERE id = ?", 1, id="reserved word in REMOVE"),
        pytest.param("SET a = ? WHERE id = ? AND last = ?", 3, id="reserved word in WHERE"),
        pytest.param("SET a = ? WHERE id = ?", 1, id="too few parameters"),
        pytest.param("SET a = ? WHERE id = ?", 3, id="too many parameters"),
        pytest.param("SET a = ? WHERE nonce = ?", 2, id="no key"),
        pytest.param("SET id = ? WHERE id = ?", 2, id="the key assigned"),
        pytest.param("REMOVE id WHERE id = ?", 1, id="the key removed"),
        pytest.param("SET a = ? REMOVE a WHERE id = ?", 2, id="one path twice"),
        pytest.param("SET a = ? SET a = ? WHERE id = ?", 3, id="one path set twice"),
        pytest.param("SET a = ?", 1, id="no WHERE"),
        pytest.param("WHERE id = ?", 1, id="no change"),
        pytest.param("SET a = ? WHERE id = ? OR nonce = ?", 3, id="more than equalities"),
        pytest.param("SET 'a' = ? WHERE id = ?", 2, id="a string for a name"),
        pytest.param("SET a ? WHERE id = ?", 2, id="no equals sign"),
        pytest.param("SET a = ? WHERE id = ? ;", 2, id="a sign that there is not"),
        pytest.param("SET a = b WHERE id = ?", 1, id="a name for a value"),
    ],
)
def test_what_is_not_well_formed_fails_alone(
    statements: Statements, text: str, parameters: int
) -> None:
    """The statement fails with ValidationError; the batch's other statement is carried out."""
    there = put(statements, "a", nonce={"S": "a"})
    change = statements.update(text, *[{"S": "a"}] * parameters)
    failed, done = statements.run(change, statements.insert("b"))
    assert failed["Error"]["Code"] == "ValidationError"
    assert done == {"TableName": statements.table}
    assert statements.item("a") == there


@pytest.mark.parametrize(
    "text",
    [
        "INSERT \"{}\" VALUE {{'id': 'a'}}",
        "INSERT INTO \"{}\" VALUE {{id: 'a'}}",
        "INSERT INTO \"{}\" VALUE {{'id': 'a', 'id': 'b'}}",
        "INSERT INTO \"{}\" VALUE {{'nonce': 'a'}}",
        "INSERT INTO \"{}\" VALUE {{'id': ''}}",
        "INSERT INTO \"{}\" VALUE {{'id': 1}}",
        "INSERT INTO \"{}\" VALUE {{'id': 'a'",
        "INSERT INTO {} VALUE {{'id': 'a'}}",
        "DELETE \"{}\" WHERE id = 'a'",
        "DELETE FROM \"{}\" WHERE nonce = 'a'",
        "DELETE FROM \"{}\" WHERE id = 'a' OR id = 'b'",
    ],
)
def test_what_is_no_insert_fails_alone(statements: Statements, text: str) -> None:
    """A name with a hyphen needs quotation marks, for example; the message says what is wrong."""
    [response] = statements.run({"Statement": text.format(statements.table)})
    assert response["Error"]["Code"] == "ValidationError"
    assert response["Error"]["Message"]
    assert statements.item("a") is None


def test_a_table_that_there_is_not_fails_alone(statements: Statements) -> None:
    """The code is ResourceNotFound."""
    elsewhere = Statements(statements.client, "nowhere")
    [failed, done] = statements.run(elsewhere.insert("a"), statements.insert("a"))
    assert failed["Error"]["Code"] == "ResourceNotFound"
    assert "Error" not in done


def test_an_item_is_no_larger_than_400_kib(statements: Statements) -> None:
    """An INSERT and an UPDATE fail alone, and an UPDATE leaves nothing of itself behind."""
    large = {"S": "x" * 409_600}
    there = put(statements, "a")
    assert statements.code(statements.insert("b", large=large)) == "ValidationError"
    change = statements.update(
        "SET small = ? SET large = ? WHERE id = ?", {"N": "1"}, large, {"S": "a"}
    )
    assert statements.code(change) == "ValidationError"
    assert statements.item("a") == there
    assert statements.item("b") is None


def test_a_statement_is_no_longer_than_8192_characters(statements: Statements) -> None:
    """A longer one refuses the whole batch."""
    statement = statements.insert("a")
    statement["Statement"] += " " * 8192
    assert "8192" in statements.refused(statement)
