"""The one sentence at the end of a history, which a support person can send on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.output import printable
from segment_rehook_cli.why.history import Conclusion, Standing
from segment_rehook_cli.why.question import Question

__all__ = ["sentence", "user_sentence"]

_COUNTED: Final = {
    Standing.DELIVERED: "delivered",
    Standing.WAITING: "waiting",
    Standing.PARKED: "given up and parked",
    Standing.CLAIMED: "being delivered",
    Standing.UNKNOWN: "with an unknown outcome",
    Standing.NOT_STORED: "not stored, which Segment sends again",
    Standing.DROPPED: "dropped by a rule",
    Standing.IGNORED: "not taken by a subscription",
    Standing.GONE: "deleted",
}


def sentence(
    question: Question,
    conclusions: Sequence[Conclusion],
    *,
    since: float,
    keeping: Keeping,
    ledger_asked: bool,
) -> str:
    """Say where an event or an order stands. `since`: from when on the log was read.

    `ledger_asked`: whether the ledger could be asked about all subscriptions.
    """
    subject = f"The {question.kind} {printable(question.asked)}"
    if not conclusions:
        return _no_trace(subject, since, keeping, ledger_asked=ledger_asked)
    if len(conclusions) == 1:
        return f"{subject} {conclusions[0].words}."
    parts = [
        f"for {each.subscription} it {each.words}" if each.subscription else f"it {each.words}"
        for each in conclusions
    ]
    return f"{subject} has {len(parts)} parts: {'; '.join(parts)}."


def user_sentence(
    conclusions: Sequence[Conclusion],
    last_message_id: str | None,
    *,
    since: float,
    keeping: Keeping,
    marked: bool,
) -> str:
    """Say where a user's deliveries stand. `conclusions`: of the oldest first.

    `marked`: whether the user has a mark, so that new events go through the queue.
    """
    behind = "new events of the user go through the queue, behind those that wait"
    if not conclusions:
        text = (
            f"The log has no line of the user since {utc_time(since)}; Segment may have sent no "
            "event of the user, or no subscription took one (the log is kept for "
            f"{counted(keeping.log_days, 'day')})"
        )
        return f"{text}; {behind}." if marked else f"{text}."
    counts = Counter(each.standing for each in conclusions)
    by = ", ".join(f"{number:,} {_COUNTED[standing]}" for standing, number in counts.items())
    last = conclusions[-1]
    parts = [
        f"event {printable(last_message_id)}" if last_message_id else "",
        f"subscription {last.subscription}" if last.subscription else "",
    ]
    which = f" ({', '.join(filter(None, parts))})" if any(parts) else ""
    deliveries = counted(len(conclusions), "delivery", "deliveries")
    text = (
        f"The log has {deliveries} of the user since {utc_time(since)}: {by}"
        f"; the last one{which} {last.words}"
    )
    return f"{text}; {behind}." if marked else f"{text}."


def _no_trace(subject: str, since: float, keeping: Keeping, *, ledger_asked: bool) -> str:
    ledger = (
        f"and neither has the ledger, which keeps a delivery for "
        f"{counted(keeping.ledger_days, 'day')}"
        if ledger_asked
        else "and the ledger was not asked"
    )
    return (
        f"{subject} has left no trace since {utc_time(since)}: the log has no line of it, {ledger}"
        "; Segment may not have sent it, or its request was refused (the log is kept for "
        f"{counted(keeping.log_days, 'day')})."
    )
