"""Checks that CloudWatch Logs runs the saved queries, and those of the command line.

Each looks at the last hour. A query that finds nothing is run all the same.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from segment_rehook_cli.cutover.outcomes_log import OutcomesLog
from segment_rehook_cli.doctor.alarm_answers import ALARM_ANSWERS
from segment_rehook_cli.doctor.log_figures import message_ids, refused_requests
from segment_rehook_cli.erasing.looking import logged_deliveries
from segment_rehook_cli.log.stack_logs import OUTCOMES, LogsClient, StackLogs, log_groups
from segment_rehook_cli.log.time_window import TimeWindow
from segment_rehook_cli.why.question import about_message_id, about_order, about_user
from tools.verify_aws.accepted import accepted
from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from segment_rehook.delivery.ports import Clock
    from segment_rehook_cli.stack.stack import Stack

HOUR, MINUTES = 3_600, 300
USERS = ("0123456789abcdef", "fedcba9876543210")
"""Keyed hashes as the log has them, of nobody."""

IDS = ("verify-1", 'with "quotes", blanks and a very' + " long end" * 20, '"', "\u4f8b")
"""Message ids of each form that a query is made of: plain, in parts, without a plain part."""


class SavedQuery(NamedTuple):
    """A query of Logs Insights that is saved in the account. `groups`: names of log groups."""

    id: str
    name: str
    text: str
    groups: Sequence[str]


def saved_queries(client: Any, stack: str, ids: Iterable[str], clock: Clock) -> Iterator[Check]:
    """Check the saved queries of a stack. `ids`: of those that CloudFormation made."""
    wanted = set(ids)
    answer, check = accepted(
        client,
        "the saved queries are listed",
        lambda: client.describe_query_definitions(
            queryDefinitionNamePrefix=f"segment-rehook/{stack}/"
        ),
    )
    if answer is None:
        yield check
        return
    found = [
        SavedQuery(
            each["queryDefinitionId"],
            each["name"],
            each["queryString"],
            each.get("logGroupNames", []),
        )
        for each in answer["queryDefinitions"]
    ]
    missing = wanted - {each.id for each in found}
    yield Check(
        f"all {len(wanted)} saved queries exist", holds=not missing, seen=", ".join(missing)
    )
    for query in found:
        yield runs_saved(client, query, clock)


def runs_saved(client: LogsClient, query: SavedQuery, clock: Clock) -> Check:
    """Check that Logs Insights runs a saved query."""
    log = StackLogs(client, query.groups, clock)
    text = f"Logs Insights runs the saved query: {query.name.rpartition('/')[2]}"
    return accepted(client, text, lambda: log.run(query.text, _last_hour(clock)))[1]


def command_line_queries(client: LogsClient, stack: Stack, clock: Clock) -> Iterator[Check]:
    """Check each query that the command line makes."""
    log, asked = StackLogs(client, log_groups(stack), clock), _last_hour(clock)
    for name, run in _queries(log, asked).items():
        yield accepted(client, f"Logs Insights runs the query of {name}", run)[1]


def _queries(log: StackLogs, asked: TimeWindow) -> Mapping[str, Callable[[], Any]]:
    """Give what runs each query, by the command and what is asked for."""
    found: dict[str, Callable[[], Any]] = {
        f"why, message id {number}": partial(log.find, about_message_id(each).condition, asked)
        for number, each in enumerate(IDS, 1)
    }
    found["why --order"] = partial(log.find, about_order("order-1").condition, asked)
    found["why --user"] = partial(log.find, about_user(USERS[0]).condition, asked)
    found["erase"] = partial(logged_deliveries, log.find, {*USERS}, asked)
    answers = ALARM_ANSWERS.values()
    for condition, oldest in sorted({(a.samples, a.oldest) for a in answers if a.samples}):
        which = "oldest" if oldest else "latest"
        found[f"doctor --alarm, {which} {condition}"] = partial(
            message_ids, log, asked, condition, most=1, oldest=oldest
        )
    for condition in sorted({a.refusals for a in answers if a.refusals}):
        found[f"doctor --alarm, refused requests with {condition}"] = partial(
            refused_requests, log, asked, condition
        )
    return found


def filter_patterns(client: LogsClient, stack: Stack, clock: Clock) -> Iterator[Check]:
    """Check the patterns of FilterLogEvents that the command line asks with."""
    since = clock.now() - MINUTES
    for group in log_groups(stack):
        ask = partial(
            client.filter_log_events,
            logGroupName=group,
            filterPattern=OUTCOMES,
            startTime=int(since * 1000),
            limit=1,
        )
        text = f"FilterLogEvents takes the pattern of tail, replay and reconcile: {group}"
        yield accepted(client, text, ask)[1]
    log = OutcomesLog(client, stack, since)
    yield accepted(client, "FilterLogEvents takes the patterns of cutover", log.look)[1]


def _last_hour(clock: Clock) -> TimeWindow:
    now = clock.now()
    return TimeWindow(now - HOUR, now)
