"""Tests of what is concluded about a delivery from log, ledger and queues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.outcomes import Outcome, Parked, Stored
from segment_rehook.delivery.settings import IngestSettings, RedriveSettings
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.failures.settling import DISCARDED
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.stack.keeping import (
    DEAD_LETTER_DAYS,
    LEDGER_DAYS,
    LOG_DAYS,
    PARKED_DAYS,
    Keeping,
)
from segment_rehook_cli.terminal.durations import DAY
from segment_rehook_cli.why import conclusion as module
from segment_rehook_cli.why.conclusion import conclude, conclude_event
from segment_rehook_cli.why.delivery_facts import DeliveryFacts, Sighting
from segment_rehook_cli.why.history import Conclusion, Standing
from segment_rehook_cli.why.reason_text import REASON_TEXTS
from tests.unit.cli.log_lines import DELIVERY, NOW, line

HOUR = 3600.0
KEEPING = Keeping()


def record(state: State, at: float = NOW - HOUR, **fields: Any) -> Record:
    """Make the record that was written at a time."""
    given_fields: dict[str, Any] = {
        "id": DELIVERY,
        "state": state,
        "token": 1,
        "nonce": "n",
        "content": "c",
        "expires_at": int(at) + KEEPING.ledger_days * DAY,
    }
    return Record(**(given_fields | fields))


def parked_message(**fields: Any) -> Sighting:
    """Make a message that was seen in the parking lot."""
    made = Sighting(QueueName.PARKED, "rejected", NOW - HOUR, was_parked=True)
    return changed(made, **fields)


def concluded(
    *lines: LoggedOutcome,
    record: Record | None = None,
    sightings: Sequence[Sighting] = (),
    looked: bool = False,
    now: float = NOW,
) -> Conclusion:
    """Conclude about DELIVERY."""
    facts = DeliveryFacts(
        delivery=DELIVERY,
        subscription="track-event",
        lines=lines,
        record=record,
        sightings=sightings,
        looked=looked,
    )
    found = conclude(facts, now, KEEPING)
    assert found is not None
    return found


def test_nothing_is_concluded_from_nothing() -> None:
    """Without a line, a record and a message there is no conclusion."""
    assert conclude(DeliveryFacts(delivery=DELIVERY, subscription="s"), NOW, KEEPING) is None
    assert conclude_event([]) is None


DELIVERED = line("delivered", NOW - 1800, rehook_request_id="r-1")
WAITS = line("stored", NOW - 1800, reason="unreachable", next_try_seconds=3600, service="redrive")
PARKED = line("parked", NOW - 1800, reason="rejected", code="400", rehook_request_id="r-2")
AGAIN = line("duplicate", NOW - 60, reason="delivered")


@pytest.mark.parametrize(
    ("lines", "found", "standing", "says"),
    [
        (
            [DELIVERED],
            State.DELIVERED,
            Standing.DELIVERED,
            "07:30:00 UTC; Rehook's request id is",
        ),
        ([DELIVERED, AGAIN], State.DELIVERED, Standing.DELIVERED, "request id is r-1"),
        ([], State.DELIVERED, Standing.DELIVERED, "at about 2027-01-15 07:00:00 UTC"),
        ([DELIVERED], None, Standing.DELIVERED, "the ledger has not recorded this"),
        ([DELIVERED], State.CLAIMED, Standing.DELIVERED, "the ledger has not recorded this"),
        ([DELIVERED, DELIVERED], State.DELIVERED, Standing.DELIVERED, "Rehook had taken it before"),
        ([WAITS], State.QUEUED, Standing.WAITING, "could not be reached; the next try is at 2027"),
        ([WAITS], None, Standing.WAITING, "waits since 2027-01-15 07:30:00 UTC: Rehook could not"),
        (
            [],
            State.QUEUED,
            Standing.WAITING,
            "the log that was read does not say why",
        ),
        ([PARKED], State.PARKED, Standing.PARKED, "Rehook refused it (400); Rehook's request id"),
        ([], State.PARKED, Standing.PARKED, "was given up at about"),
        ([PARKED], None, Standing.PARKED, "unless somebody has sent it back or deleted it"),
        (
            [line("failed", reason="breaker_open")],
            State.RELEASED,
            Standing.NOT_STORED,
            "answered 503",
        ),
        ([line("dropped", reason="too_large")], State.RELEASED, Standing.DROPPED, "too large"),
        ([line("dropped", reason="dry_run")], None, Standing.DROPPED, "dry-run"),
        ([line("duplicate", reason="delivered")], None, Standing.DELIVERED, "came again at"),
        ([line("duplicate", reason="parked")], None, Standing.PARKED, "it was given up before"),
        ([line("odd")], None, Standing.UNKNOWN, "has the outcome `odd`"),
    ],
)
def test_each_state_has_its_words(
    lines: list[LoggedOutcome], found: State | None, standing: Standing, says: str
) -> None:
    """Each combination of lines and record gives its standing, and words that are true of it."""
    conclusion = concluded(*lines, record=None if found is None else record(found))
    assert conclusion.standing is standing
    assert says in conclusion.words


def test_the_ledger_tells_of_the_cutover_when_the_log_is_gone() -> None:
    """What was discarded from the queue at the cut-over is told as dropped, and as whose it is."""
    conclusion = concluded(record=record(State.RELEASED, reason="before_cutover"))
    assert conclusion.standing is Standing.DROPPED
    assert "was dropped at about 2027" in conclusion.words
    assert "it was the hosted destination's" in conclusion.words


def test_the_next_try_of_a_paused_stack_is_not_promised() -> None:
    """While an operator has switched deliveries off, the time of the next look is no next try."""
    paused = line("stored", reason="paused", next_try_seconds=300, service="redrive")
    assert "when an operator has switched deliveries on" in concluded(paused).words


def test_a_next_try_that_is_past_is_due() -> None:
    """A time in the past is not told as the future."""
    late = line("stored", reason="unreachable", next_try_seconds=60)
    assert "the next try is due since 2027-01-15 07:01:00 UTC" in concluded(late).words


def test_a_doubtful_delivery_that_waits_may_have_been_acted_on() -> None:
    """What an earlier call may have done is not forgotten when a later one fails clearly."""
    found = concluded(WAITS, record=record(State.QUEUED, doubtful=True))
    assert "Rehook may have acted on it" in found.words


def test_a_repetition_does_not_hide_why_the_first_one_waits() -> None:
    """Segment's second copy is stored as already queued; the reason is the first one's."""
    again = line("stored", NOW - 60, reason="already_queued")
    found = concluded(WAITS, again, record=record(State.QUEUED))
    assert "could not be reached" in found.words
    assert found.next_try_at == "2027-01-15T08:30:00.000Z"


def test_a_message_older_than_the_queue_keeps_is_gone() -> None:
    """After ten days SQS has deleted what redrive never tried."""
    found = concluded(line("stored", NOW - 11 * DAY, reason="paused"))
    assert found.standing is Standing.GONE
    young = line("stored", NOW - DAY, reason="paused", age_seconds=8 * DAY, service="redrive")
    assert concluded(young).standing is Standing.WAITING


def test_a_parked_message_older_than_the_queue_keeps_is_gone() -> None:
    """After fourteen days SQS has deleted it, unless somebody sent it back."""
    old = line("parked", NOW - 15 * DAY, reason="rejected")
    found = concluded(old, record=record(State.PARKED, NOW - 15 * DAY))
    assert found.standing is Standing.GONE
    assert "unless somebody had sent it back" in found.words


def test_what_was_seen_in_the_parking_lot_is_there() -> None:
    """A search of the queue replaces "unless"."""
    seen = concluded(PARKED, record=record(State.PARKED), sightings=[parked_message()], looked=True)
    assert seen.standing is Standing.PARKED
    assert "unless" not in seen.words
    gone = concluded(PARKED, record=record(State.PARKED), looked=True)
    assert gone.standing is Standing.GONE
    assert "no longer in the parking lot" in gone.words


def test_a_message_that_was_sent_back_waits() -> None:
    """A parked delivery whose message is in the dead-letter queue was sent back by somebody."""
    back = parked_message(queue=QueueName.WAITING, sent_at=NOW - 60)
    found = concluded(PARKED, record=record(State.PARKED), sightings=[back], looked=True)
    assert found.standing is Standing.WAITING
    assert "was given up and sent back at 2027-01-15 07:59:00 UTC" in found.words


def test_sent_back_in_a_pause_is_seen_in_the_log() -> None:
    """Redrive logs a message that was sent back as stored while the record stays parked."""
    later = line("stored", NOW - 60, reason="paused", service="redrive", age_seconds=30)
    found = concluded(PARKED, later, record=record(State.PARKED))
    assert found.standing is Standing.WAITING
    assert "was given up, and a message of it has been in the dead-letter queue" in found.words


def test_what_an_operator_discarded_is_gone() -> None:
    """`failures discard` leaves a parked record with a reason of its own."""
    found = concluded(WAITS, record=record(State.PARKED, NOW - 60, reason=DISCARDED))
    assert found.standing is Standing.GONE
    assert "was discarded by an operator at about 2027-01-15 07:59:00 UTC" in found.words


def test_what_sqs_itself_has_parked_is_parked() -> None:
    """A message without an epoch in the parking lot was moved by SQS after too many receives."""
    moved = parked_message(was_parked=False, reason="unavailable")
    found = concluded(WAITS, record=record(State.QUEUED), sightings=[moved])
    assert found.standing is Standing.PARKED
    assert "SQS has moved it to the parking lot" in found.words


def test_a_live_claim_is_being_delivered() -> None:
    """While the lease runs, a function is at work, whatever was logged before."""
    claim = record(State.CLAIMED, lease=NOW + 10, in_queue=True)
    found = concluded(WAITS, record=claim)
    assert found.standing is Standing.CLAIMED
    assert found.at == "2027-01-15T07:58:40.000Z"


@pytest.mark.parametrize(("in_queue", "says"), [(True, "from the queue"), (False, "Segment sends")])
def test_a_dead_claimant_leaves_an_unknown_outcome(in_queue: bool, says: str) -> None:
    """A claim that has run out and no line after it: nobody knows what its call has done."""
    claim = record(State.CLAIMED, lease=NOW - 600, in_queue=in_queue)
    found = concluded(WAITS, record=claim)
    assert found.standing is Standing.UNKNOWN
    assert "Rehook may have acted on it" in found.words
    assert says in found.words


@pytest.mark.parametrize(
    ("outcome", "reason", "standing"),
    [
        ("stored", "unknown", Standing.WAITING),
        ("parked", "rejected", Standing.PARKED),
        ("failed", "unknown", Standing.NOT_STORED),
    ],
)
def test_a_claim_whose_end_was_logged_and_not_written(
    outcome: str, reason: str, standing: Standing
) -> None:
    """The line that came after the claim tells its end."""
    claim = record(State.CLAIMED, lease=NOW - 600, in_queue=False)
    assert concluded(line(outcome, NOW - 620, reason=reason), record=claim).standing is standing


def test_a_released_delivery_that_was_stored_behind_others_waits() -> None:
    """Segment sent it again, and it was stored without a claim."""
    lines = [line("failed", reason="unavailable"), line("stored", NOW - 60, reason="user_waiting")]
    found = concluded(*lines, record=record(State.RELEASED))
    assert found.standing is Standing.WAITING


def test_segments_retries_end_after_four_hours() -> None:
    """Until then Segment sends it again; afterwards nobody does."""
    failed = line("failed", NOW - HOUR, reason="unavailable")
    assert "Segment sends it again until 2027-01-15 11:00:00 UTC" in concluded(failed).words
    assert "have it replayed" in concluded(failed, now=NOW + 4 * HOUR).words


def test_another_event_with_the_id_is_told_beside_the_first() -> None:
    """The first one's end is the answer, and the second one is not passed over."""
    conflict = line("dropped", NOW - 60, reason="id_conflict")
    found = concluded(DELIVERED, conflict, record=record(State.DELIVERED))
    assert found.standing is Standing.DELIVERED
    assert (
        "another event with its id came at 2027-01-15 07:59:00 UTC and was dropped" in found.words
    )
    alone = concluded(conflict)
    assert alone.standing is Standing.DROPPED
    assert "came at" not in alone.words


def test_a_conflict_does_not_say_where_the_recorded_one_stands() -> None:
    """The record is the first event's; the line is the second one's."""
    conflict = line("parked", NOW - 60, reason="id_conflict", service="redrive")
    found = concluded(conflict, record=record(State.QUEUED))
    assert found.standing is Standing.WAITING
    assert "and was parked" in found.words


def test_an_event_that_no_subscription_takes() -> None:
    """The reasons are the subscriptions' own."""
    ignored = line("ignored", delivery=None, ignored='track-event: event is not "order"')
    found = conclude_event([ignored])
    assert found is not None
    assert found.standing is Standing.IGNORED
    assert 'no subscription takes it (track-event: event is not "order")' in found.words
    dropped = conclude_event([line("dropped", delivery=None, reason="denied_event")])
    assert dropped is not None
    assert dropped.standing is Standing.DROPPED


LINES = st.builds(
    lambda pair, at, service: line(pair[0], at, reason=pair[1], service=service),
    st.sampled_from([*REASON_TEXTS, ("delivered", None), ("odd", "new")]),
    st.floats(NOW - 20 * DAY, NOW),
    st.sampled_from(["ingest", "redrive"]),
)
RECORDS = st.none() | st.builds(
    lambda state, at, lease, queued, doubtful, reason: record(
        state, at, lease=lease, in_queue=queued, doubtful=doubtful, reason=reason
    ),
    st.sampled_from(State),
    st.floats(NOW - 20 * DAY, NOW),
    st.floats(NOW - 1000, NOW + 60),
    st.booleans(),
    st.booleans(),
    st.sampled_from(Parked),
)
SIGHTINGS = st.builds(
    Sighting,
    st.sampled_from([QueueName.PARKED, QueueName.WAITING]),
    st.sampled_from([*Parked, *Stored]),
    st.floats(NOW - 9 * DAY, NOW),
    st.booleans(),
)


@given(st.lists(LINES, max_size=5), RECORDS, st.lists(SIGHTINGS, max_size=2), st.booleans())
def test_whatever_was_found_there_is_one_true_conclusion(
    lines: list[LoggedOutcome], found: Record | None, sightings: list[Sighting], looked: bool
) -> None:
    """Any facts give one standing, and words of one line that are a part of a sentence.

    It says delivered exactly if a line or the record does (or says that it was delivered before),
    and never promises a try in the past.
    """
    lines.sort(key=lambda each: each.at)
    if not lines and found is None and not sightings:
        return
    conclusion = concluded(*lines, record=found, sightings=sightings, looked=looked)
    known = any(each.outcome == Outcome.DELIVERED for each in lines) or (
        found is not None and found.state is State.DELIVERED
    )
    before = any(each.reason == Outcome.DELIVERED for each in lines)
    assert (conclusion.standing is Standing.DELIVERED) >= known
    assert (conclusion.standing is Standing.DELIVERED) <= (known or before)
    assert "\n" not in conclusion.words
    assert not conclusion.words.endswith(".")
    assert conclusion.words.split()[0] in {"was", "is", "waits", "waited", "came", "could", "has"}
    assert "the next try is at" not in conclusion.words or (conclusion.next_try_at or "") > (
        "2027-01-15T08:00"
    )


def test_the_figures_are_those_of_the_functions_and_the_template() -> None:
    """Leases, retentions and defaults are what the stack has."""
    leases = [
        {each.name: each.default for each in fields(settings)}["lease"]
        for settings in (IngestSettings, RedriveSettings)
    ]
    assert leases == [module.INGEST_LEASE, module.REDRIVE_LEASE]
    template = (Path(__file__).parents[3] / "template.yaml").read_text(encoding="utf-8")
    kept = [int(each) for each in re.findall(r"MessageRetentionPeriod: (\d+)", template)]
    assert sorted(kept) == [DEAD_LETTER_DAYS * DAY, PARKED_DAYS * DAY]
    default = r"^  {}:\n(?:    .*\n)*?    Default: (\d+)$"
    for name, days in (("LedgerDays", LEDGER_DAYS), ("LogRetentionDays", LOG_DAYS)):
        found = re.search(default.format(name), template, re.MULTILINE)
        assert found is not None
        assert int(found[1]) == days
    assert Keeping.of({"LogRetentionDays": "7", "LedgerDays": "90"}) == Keeping(7, 90)
    assert Keeping.of({}) == Keeping(LOG_DAYS, LEDGER_DAYS)
