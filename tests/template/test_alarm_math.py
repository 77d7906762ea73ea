"""Alarms go off when they must, and not when they must not: evaluated on made-up figures."""

from __future__ import annotations

import pytest

from tools.cloudwatch.alarm_states import ALARM, OK, states
from tools.cloudwatch.metric_math import Series, evaluate
from tools.cloudwatch.watched import ALARM as KIND
from tools.cloudwatch.watched import resources

ALARMS = resources(KIND)
OUTCOMES = ("delivered", "duplicate", "dropped", "ignored", "stored", "parked", "failed")
NONE: Series = [None] * 12


def test_math_is_cloudwatchs() -> None:
    """Operators take a missing value for 0, functions over an array leave it out.

    The examples are the CloudWatch user guide's, or follow from its text.
    """
    series: dict[str, Series] = {"one": [1.0, None, 3.0, None], "two": [10.0, 20.0, None, None]}
    assert evaluate("one + two", series) == [11.0, 20.0, 3.0, None]
    assert evaluate("two / one", series) == [10.0, None, 0.0, None]
    assert evaluate("SUM([one, two]) * 2", series) == [22.0, 40.0, 6.0, None]
    assert evaluate("MAX([FILL(one, 0), two])", series) == [10.0, 20.0, 3.0, 0.0]
    assert evaluate("FILL(one, REPEAT)", series) == [1.0, 1.0, 3.0, 3.0]
    assert evaluate("DIFF(two)", series) == [None, 10.0, None, None]
    assert evaluate("CEIL(one / 2)", series) == [1.0, None, 2.0, None]


@pytest.mark.parametrize(
    ("points", "ignore", "not_breaching"),
    [
        ("0 - X - X", OK, OK),
        ("0 - - - -", OK, OK),
        ("- - - - -", "before", OK),
        ("0 X X - X", ALARM, ALARM),
        ("- - - - X", "before", OK),
        ("X - - - -", "before", OK),
    ],
)
def test_missing_data_counts_as_cloudwatch_says(
    points: str, ignore: str, not_breaching: str
) -> None:
    """The table of the user guide, for three of three periods of which five are looked at."""
    values: Series = [{"0": 0.0, "X": 1.0, "-": None}[each] for each in points.split()]
    for treated, expected in (("ignore", ignore), ("notBreaching", not_breaching)):
        alarm = {"EvaluationPeriods": 3, "Threshold": 1, "TreatMissingData": treated}
        assert states(alarm, {"metric": values}, "before")[-1] == expected


def parked(sent: Series, visible: Series) -> list[str]:
    """The states of the alarm on what was parked lately."""
    still: Series = [0.0] * len(sent)
    given = {"sent": sent, "visible": visible, "inflight": still}
    return states(ALARMS["EventsParkedLately"], given)


def test_each_wave_of_parked_events_is_told_whatever_lies_there() -> None:
    """What functions park rings each time, although earlier messages lie there still."""
    told = parked([1.0, 0.0, 0.0, 2.0, 0.0], [1.0, 1.0, 1.0, 3.0, 3.0])
    assert told == [ALARM, OK, OK, ALARM, OK]


def test_what_sqs_parks_by_itself_is_told() -> None:
    """A message that SQS moves is not sent: the average depth grows by parts of one."""
    assert parked([None] * 4, [0.0, 0.2, 1.0, 1.0]) == [OK, ALARM, ALARM, OK]


def test_looking_and_sending_back_ring_nothing() -> None:
    """A depth that falls, and messages in flight while they are looked at, are no alarm."""
    given: dict[str, Series] = {
        "sent": [0.0] * 4,
        "visible": [5.0, 0.0, 5.0, 0.0],
        "inflight": [0.0, 5.0, 0.0, 0.0],
    }
    assert states(ALARMS["EventsParkedLately"], given) == [OK] * 4


def test_a_letter_in_back_off_keeps_the_alarm_on() -> None:
    """Redrive sees a message every two hours, and SQS may leave it out: the alarm stays on."""
    seen: Series = [None, 7 * 3600.0, None, 9 * 3600.0, None, None, None]
    found = states(ALARMS["DeadLettersWaitLong"], {"seen": seen, "oldest": [None] * 7})
    assert found == [OK, ALARM, ALARM, ALARM, ALARM, ALARM, OK]


def test_an_old_letter_that_redrive_never_gets_is_told() -> None:
    """If redrive receives nothing, SQS's own age tells."""
    oldest: Series = [hours * 3600.0 for hours in (4, 5, 6)]
    found = states(ALARMS["DeadLettersWaitLong"], {"seen": [None] * 3, "oldest": oldest})
    assert found == [OK, OK, ALARM]


def open_for(minutes: Series) -> list[str]:
    """The states of the alarm on the breaker, as ingest writes it; redrive writes nothing."""
    given: dict[str, Series] = {"ingest": minutes, "redrive": [None] * len(minutes)}
    return states(ALARMS["BreakerStaysOpen"], given)


def test_a_breaker_that_stays_open_is_told_after_half_an_hour() -> None:
    """Not before, and not if it closed in between."""
    assert open_for([1.0] * 30) == [*[OK] * 29, ALARM]
    assert ALARM not in open_for([*[1.0] * 29, 0.0, *[1.0] * 29])


def test_minutes_without_an_invocation_have_the_state_before_them() -> None:
    """With an event every five minutes the alarm goes off as well; the first good one ends it."""
    sparse: Series = [1.0 if minute % 5 == 0 else None for minute in range(40)]
    assert open_for(sparse)[-1] == ALARM
    assert open_for([*sparse, 0.0])[-1] == OK


def test_the_mode_is_told_after_hours_and_kept_without_events() -> None:
    """Hours in pause ring, a night without events does not end it, an event in deliver does."""
    alarm = ALARMS["NotDelivering"]
    paused: Series = [0.0, 1.0, 1.0, 1.0, 1.0]
    night: Series = [None] * 10
    given: dict[str, Series] = {"ingest": [*paused, *night, 0.0], "redrive": [None] * 16}
    found = states(alarm, given)
    assert found[:5] == [OK, OK, OK, OK, ALARM]
    assert set(found[5:15]) == {ALARM}
    assert found[15] == OK


def test_redrive_alone_tells_the_mode() -> None:
    """Without requests, what redrive finds counts."""
    given: dict[str, Series] = {"ingest": [None] * 4, "redrive": [1.0] * 4}
    assert states(ALARMS["NotDelivering"], given)[-1] == ALARM


def unaccounted(received: Series, delivered: Series) -> list[str]:
    """The states of the alarm on figures that do not balance, by hour."""
    given: dict[str, Series] = dict.fromkeys(OUTCOMES, [None] * len(received))
    given |= {"received": received, "delivered": delivered}
    return states(ALARMS["EventsUnaccounted"], given)


def test_figures_that_balance_ring_nothing() -> None:
    """All outcomes together make up what was received; hours without events are no alarm."""
    share: Series = [100.0] * 12
    given: dict[str, Series] = dict.fromkeys(OUTCOMES, share)
    given["received"] = [700.0] * 12
    assert set(states(ALARMS["EventsUnaccounted"], given)) == {OK}
    assert set(unaccounted(NONE, NONE)) == {OK}


def test_a_killed_request_and_its_retries_ring_nothing() -> None:
    """Segment retries for four hours: a request that is killed each time stays below five."""
    killed: Series = [*[1_010.0] * 4, *[1_000.0] * 8]
    assert set(unaccounted(killed, [1_000.0] * 12)) == {OK}


def test_what_is_in_flight_at_the_hour_rings_nothing() -> None:
    """A busy stack has up to ten seconds of events in flight, in each hour more than before."""
    received: Series = [3_600_000.0] * 12
    growing: Series = [3_600_000.0 - 9_000.0] * 12
    assert set(unaccounted(received, growing)) == {OK}
    # A batch is received in one hour and answered in the next, twice.
    came: Series = [1e3, 0.0, 1e3, *[0.0] * 9]
    answered: Series = [0.0, 1e3, 0.0, 1e3, *[0.0] * 8]
    assert set(unaccounted(came, answered)) == {OK}


@pytest.mark.parametrize("delivered", [980.0, 1_020.0])
def test_a_difference_that_stays_is_told_after_five_hours(delivered: float) -> None:
    """Events without an outcome, or outcomes without an event, in each of five hours."""
    found = unaccounted([1_000.0] * 6, [delivered] * 6)
    assert found == [OK, OK, OK, OK, ALARM, ALARM]


def test_one_event_an_hour_that_is_lost_is_told() -> None:
    """On a quiet stack a single event is enough."""
    assert unaccounted([1.0] * 5, NONE[:5])[-1] == ALARM


@pytest.mark.parametrize("alarm", ["RehookFails", "CredentialsRefused", "SecretsUnavailable"])
@pytest.mark.parametrize("found_by", ["ingest", "redrive"])
def test_either_function_alone_rings(alarm: str, found_by: str) -> None:
    """A count of one function is enough, while the other one is not even running."""
    given: dict[str, Series] = {"ingest": [None, None], "redrive": [None, None]}
    given[found_by] = [None, 1.0]
    assert states(ALARMS[alarm], given) == [OK, ALARM]
