"""Looks for a person in the queues, in the log and in the ledger. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.aws.system import SystemClock
from segment_rehook.delivery import ids
from segment_rehook.delivery.ports import LedgerUnavailable
from segment_rehook_cli.erasing.findings import Findings
from segment_rehook_cli.failures.reading import start_reading
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.log.insights_query import any_of, equals
from segment_rehook_cli.log.stack_logs import Found, StackLogs, cost, log_groups
from segment_rehook_cli.log.time_window import TimeWindow
from segment_rehook_cli.log.user_key import read_user_key
from segment_rehook_cli.stack.aws_errors import StackUnusable, error_line
from segment_rehook_cli.stack.botocore_errors import aws_error_classes
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.terminal.durations import DAY
from segment_rehook_cli.terminal.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook_cli.erasing.ledger_table import LedgerTable
    from segment_rehook_cli.erasing.person import Person
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["logged_deliveries", "look_for"]


def look_for(person: Person, stack: Stack, ledger: LedgerTable, *, read_log: bool) -> Findings:
    """Look everywhere. What can't be read is a note, and the findings are not complete.

    Raises KeyboardInterrupt: nothing is hidden then.
    """
    found = Findings()
    try:
        found.marks = ledger.read_marks(person.users)
    except LedgerUnavailable as error:
        found.incomplete(f"marks were not read: {error}")
    reading = start_reading(stack, Selection(queue=QueueChoice.BOTH))
    reading.run(lambda failed, _now: found.add(failed, person))
    found.notes += reading.notes()
    found.unread = {name: number for name, number in reading.unread.items() if number}
    found.complete &= not (found.unread or reading.refusals)
    if reading.interrupted:
        raise KeyboardInterrupt
    deliveries = found.deliveries
    if read_log:
        _look_in_log(person, stack, found, deliveries)
    try:
        found.records = ledger.read(deliveries)
    except LedgerUnavailable as error:
        found.incomplete(f"records were not read: {error}")
    return found


def _look_in_log(person: Person, stack: Stack, found: Findings, deliveries: set[str]) -> None:
    try:
        key = read_user_key(stack)
        users = {ids.logged_user(each, key) for each in person.users}
        logs = StackLogs(stack.client("logs"), log_groups(stack), SystemClock())
        now = SystemClock().now()
        asked = TimeWindow(now - Keeping.of(stack.parameters).log_days * DAY, now)
        lines, named, read_bytes = logged_deliveries(logs.find, users, asked)
    except StackUnusable as error:
        found.incomplete(f"the log was not read: {error}")
    except aws_error_classes() as error:
        found.incomplete(f"the log was not read: {error_line(error)}")
    else:
        found.lines = lines
        deliveries |= named
        say(cost(read_bytes))


def logged_deliveries(
    find: Callable[[str, TimeWindow], Found], users: set[str], asked: TimeWindow
) -> tuple[int, set[str], float]:
    """Give how many lines are about users, and the deliveries that they name.

    `find`: of `StackLogs`. `users`: keyed hashes. One answer holds 10,000 lines; of more, the time
    before them is asked for again. Also gives the bytes that were read.
    """
    condition = any_of(*(equals("user", each) for each in sorted(users)))
    lines, named, read_bytes = 0, set[str](), 0.0
    while True:
        answer = find(condition, asked)
        read_bytes += answer.read_bytes
        about = [each for each in answer.lines if each.user in users]
        lines += len(about)
        named |= {each.delivery for each in about if each.delivery is not None}
        if not answer.cut or not answer.lines:
            return lines, named, read_bytes
        until = answer.lines[0].at
        if until >= asked.until or until <= asked.since:
            return lines, named, read_bytes
        asked = TimeWindow(asked.since, until)
