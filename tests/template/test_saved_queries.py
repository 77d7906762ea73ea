"""Saved queries ask for fields that the log has, in commands that Logs Insights knows."""

from __future__ import annotations

import re

import pytest

from tools.cloudwatch.watched import QUERY, resources, text
from tools.cloudwatch.written import fields

QUERIES = resources(QUERY)
# Logs Insights' own words: its user guide, "Logs Insights QL commands and functions".
COMMANDS = {"fields", "filter", "stats", "sort", "limit", "display"}
FUNCTIONS = {"count", "count_distinct", "ispresent", "bin"}
WORDS = {"and", "or", "not", "like", "in", "as", "by", "asc", "desc"}
OF_INSIGHTS = {"@timestamp", "@message", "@log", "@logStream"}
each_query = pytest.mark.parametrize("query", QUERIES)


def commands(query: str) -> list[str]:
    """The commands of a query, without its comments and texts."""
    lines = QUERIES[query]["QueryString"].splitlines()
    said = " ".join(line for line in lines if not line.startswith("#"))
    return [each.strip() for each in re.sub(r'"[^"]*"', '""', said).split("|")]


@each_query
def test_a_query_is_made_of_known_commands_and_functions(query: str) -> None:
    """Each command is one of Logs Insights', as is each function that is called."""
    for command in commands(query):
        assert command.split()[0] in COMMANDS
        assert set(re.findall(r"(\w+)\(", command)) <= FUNCTIONS


@each_query
def test_every_field_that_a_query_names_is_one_that_the_log_has(query: str) -> None:
    """Each field is written by the functions, is Logs Insights' own, or is named in the query."""
    named: set[str] = set()
    for command in commands(query):
        verb, _, rest = command.partition(" ")
        named |= set(re.findall(r"\bas (\w+)", rest))
        bare = re.sub(r"\b\w+\(|\b\d\w*|\bas \w+", " ", rest)
        used = set(re.findall(r"@?\w+", bare)) - WORDS - named
        assert used <= fields() | OF_INSIGHTS, (verb, used - fields())


@each_query
def test_a_query_lies_in_the_stacks_folder_and_asks_its_logs(query: str) -> None:
    """Two stacks' queries do not replace each other; each asks the stack's own log groups."""
    said = QUERIES[query]
    assert text(said["Name"]).startswith("segment-rehook/segment-rehook/")
    groups = [text(group) for group in said["LogGroupNames"]]
    assert set(groups) <= {"IngestLog", "RedriveLog"}
    assert "IngestLog" in groups


@each_query
def test_a_query_without_a_sum_has_a_limit(query: str) -> None:
    """A list of lines ends. All are sorted, by one field: the user guide knows no more."""
    verbs = [command.split()[0] for command in commands(query)]
    (order,) = [command for command in commands(query) if command.startswith("sort ")]
    assert "," not in order
    assert "stats" in verbs or verbs[-1] == "limit"


@pytest.mark.parametrize(
    ("query", "fields_used"),
    [
        ("MessageQuery", {"message_id", "delivery"}),
        ("UserQuery", {"user"}),
        ("DropsQuery", {"outcome", "reason"}),
        ("SlowestCallsQuery", {"milliseconds"}),
        ("RefusalsQuery", {"code", "status"}),
    ],
)
def test_the_questions_are_answered(query: str, fields_used: set[str]) -> None:
    """One message, one user, drops by reason, slowest calls, refusals."""
    assert fields_used <= set(re.findall(r"\w+", " ".join(commands(query))))
