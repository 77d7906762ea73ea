"""Tests of `diff --failures`: the events of parked and waiting messages, against moto's SQS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segment_rehook.aws.sqs import SqsQueue
from segment_rehook.delivery.queues.message import Header, Letter
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.segment.jsontext import encode
from tests.contract.conftest import Clients
from tests.contract.stacks import Deployed, deploy, sign_in
from tests.unit.cli.destinations import FIELDS, subscription
from tools.sqs import moto_backend


def letter(number: int, name: str = "track") -> Letter:
    """Return a letter of one subscription; its event has values of a person."""
    event: dict[str, Any] = {
        "type": "track",
        "messageId": f"m{number}",
        "userId": "jo@example.com",
        "event": "Paid",
        "properties": {"secret": number},
    }
    header = Header(
        delivery=f"m{number}:{name}", user=f"u{number}", content="c", reason="unknown", token=1
    )
    return Letter(header=header, action="trackEvent", request=None, event=encode(event))


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployed]:
    """Give a stack: one event parked for two subscriptions, one waiting, and a foreign message."""
    sign_in(monkeypatch, clients.address)
    moto_backend.install(max_wait=0)
    made = deploy(clients)
    parked = [
        letter(1).for_parking("rejected", "400"),
        letter(1, "other").for_parking("rejected", "400"),
        Outgoing(group="g", dedupe="d", body="hello", attributes={"reason": "x"}),
    ]
    assert all(SqsQueue(clients.sqs, made.parking_lot_url).send(parked))
    waiting = [letter(2).for_dead_letters(ordered=True)]
    assert all(SqsQueue(clients.sqs, made.dead_letter_queue_url).send(waiting))
    monkeypatch.chdir(tmp_path)
    renamed = FIELDS | {"event_name": "paid", "metadata": {}}
    for name, settings in (("old", FIELDS), ("new", renamed)):
        whole = {"subscriptions": [subscription(settings=settings)]}
        Path(f"{name}.json").write_text(json.dumps(whole))
    yield made
    moto_backend.install()


def lines(stack: Deployed, *arguments: str) -> list[Any]:
    """Run the comparison as JSON; return its lines."""
    files = ("--base", "old.json", "--destination", "new.json")
    result = stack.run("diff --failures --json", *files, *arguments)
    assert result.exit_code == 1, result.stderr
    assert "Traceback" not in result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_event_that_failed_is_compared_once_and_again(stack: Deployed) -> None:
    """Parked and waiting events are compared, each once; the queues are the same afterwards."""
    for _ in range(2):
        counts, *examples = lines(stack)
        assert (counts["events"], counts["changed"]) == (2, 2)
        assert sorted(each["messageId"] for each in examples) == ["m1", "m2"]


def test_values_of_what_failed_are_shown_only_if_asked_for(stack: Deployed) -> None:
    """Examples have ids and fields' names; with --show-values also what is in them."""
    text = json.dumps(lines(stack))
    assert not [each for each in ("jo@example.com", "Paid", "secret") if each in text]
    assert '"fields": ["event_name", "metadata"]' in text
    shown = json.dumps(lines(stack, "--show-values"))
    assert '"secret"' in shown
    assert '"Paid"' in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--failures", "--events", "old.json"], "exclude each other"),
        (["--failures", "old.json"], "exclude each other"),
    ],
    ids=" ".join,
)
def test_failures_and_files_exclude_each_other(
    stack: Deployed, arguments: list[str], said: str
) -> None:
    """The events come from files or from the queues."""
    result = stack.run("diff --base old.json --destination new.json", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
