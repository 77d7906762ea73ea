"""What the delivery protocol needs of SQS, of everything that stands in for it."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ports import QueueUnavailable
from tests.contract.queues import MAX_RECEIVES, RETENTION, VISIBILITY, QueueBench, bodies, message


def test_a_message_arrives_as_it_was_sent(bench: QueueBench) -> None:
    """A message arrives with its body, group, attributes and time of sending, and no more."""
    sent_at = bench.clock.now()
    body = '{"text": "caf\\u00e9 \\ud83d\\ude00", "n": 1}'
    sent = [message(body, group="g" * 128, dedupe="d:1", delivery="m:identify", token="1")]

    assert bench.queue.send(sent) == [True]

    [got] = bench.receive()
    assert (got.body, got.group) == (body, "g" * 128)
    assert got.attributes == {"delivery": "m:identify", "token": "1"}
    assert got.sent_at == pytest.approx(sent_at, abs=0.002)
    assert got.receive_count == 1
    assert got.message_id
    assert got.receipt


def test_nothing_to_send_and_nothing_to_hide_is_no_call(bench: QueueBench) -> None:
    """An empty send or an empty change of visibility makes no call, since SQS refuses it."""
    assert bench.queue.send([]) == []
    assert bench.queue.change_visibility({}) == set()


def test_more_than_ten_are_a_defect_of_the_caller(bench: QueueBench) -> None:
    """More than ten entries raise an error of the caller's."""
    eleven = [message(str(number)) for number in range(11)]

    with pytest.raises(ValueError, match="11"):
        bench.queue.send(eleven)
    with pytest.raises(ValueError, match="11"):
        bench.queue.change_visibility({each.body: 0 for each in eleven})


def test_a_group_arrives_in_order(bench: QueueBench) -> None:
    """One receive gives up to ten messages of a group, in the order of sending."""
    bench.queue.send([message(str(number)) for number in range(10)])
    bench.queue.send([message(str(number)) for number in range(10, 12)])

    assert bodies(bench.receive()) == [str(number) for number in range(10)]


def test_a_group_is_locked_while_any_message_of_it_is_in_flight(bench: QueueBench) -> None:
    """While a message of a group is in flight no other of it is received; other groups' are."""
    bench.queue.send([message("a1", group="a")])
    bench.receive()
    bench.queue.send([message("a2", group="a"), message("b1", group="b")])

    assert bodies(bench.receive()) == ["b1"]


def test_deleting_what_is_in_flight_frees_the_group(bench: QueueBench) -> None:
    """After a group's messages in flight are deleted its next one is received."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()
    bench.queue.send([message("a2")])

    bench.delete(first.receipt)

    assert bodies(bench.receive()) == ["a2"]


def test_what_is_not_deleted_comes_again(bench: QueueBench) -> None:
    """After its visibility time-out a message comes again, counted and with a new receipt."""
    bench.queue.send([message("a1")])
    [before] = bench.receive()
    bench.clock.advance(VISIBILITY - 1)
    assert bench.receive() == []

    bench.clock.advance(2)

    [again] = bench.receive()
    assert (again.body, again.receive_count, again.sent_at) == ("a1", 2, before.sent_at)
    assert again.message_id == before.message_id
    assert again.receipt != before.receipt


def test_what_comes_again_comes_in_order(bench: QueueBench) -> None:
    """Messages of a group that become visible at the same moment come again in order."""
    bench.queue.send([message("a1"), message("a2")])
    bench.queue.change_visibility({each.receipt: 5 for each in bench.receive()})

    bench.clock.advance(6)

    assert bodies(bench.receive()) == ["a1", "a2"]


def test_visibility_hides_a_message_and_its_group_for_as_long_as_said(bench: QueueBench) -> None:
    """A hidden message hides its group for as long, and keeps its age and its place."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()

    assert bench.queue.change_visibility({first.receipt: 3600}) == set()

    bench.queue.send([message("a2")])
    bench.clock.advance(3599)
    assert bench.receive() == []
    bench.clock.advance(2)
    assert bodies(bench.receive()) == ["a1", "a2"]


def test_visibility_zero_hands_a_message_back_at_once(bench: QueueBench) -> None:
    """A message that is hidden for no time can be received at once."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()

    bench.queue.change_visibility({first.receipt: 0})
    bench.clock.advance(0.01)

    assert bodies(bench.receive()) == ["a1"]


def test_a_refused_receipt_leaves_the_others_changed(bench: QueueBench) -> None:
    """A receipt that is refused leaves the other entries of the call changed."""
    bench.queue.send([message("a1", group="a"), message("b1", group="b")])
    first, second = bench.receive()

    refused = bench.queue.change_visibility(
        {first.receipt: 3600, "no-receipt": 5, second.receipt: 0}
    )

    assert refused == {"no-receipt"}
    bench.clock.advance(0.01)
    assert bodies(bench.receive()) == [second.body]


def test_visibility_ends_twelve_hours_after_the_receive(bench: QueueBench) -> None:
    """A visibility beyond twelve hours after the receive, or below zero, is refused.

    A message that was received late has no more and no less.
    """
    bench.queue.send([message("a1")])
    bench.clock.advance(20 * 3600)
    [first] = bench.receive()
    bench.clock.advance(30)

    assert bench.queue.change_visibility({first.receipt: 43_200}) == {first.receipt}
    assert bench.queue.change_visibility({first.receipt: -1}) == {first.receipt}
    assert bench.queue.change_visibility({first.receipt: 43_200 - 30}) == set()


def test_a_receipt_dies_with_its_visibility(bench: QueueBench) -> None:
    """A receipt whose visibility has ended can neither hide nor delete its message."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()
    bench.clock.advance(VISIBILITY + 1)

    assert bench.queue.change_visibility({first.receipt: 3600}) == {first.receipt}
    assert not bench.delete(first.receipt)
    [second] = bench.receive()
    assert bench.queue.change_visibility({first.receipt: 3600}) == {first.receipt}
    assert not bench.delete(first.receipt)
    assert bench.queue.change_visibility({second.receipt: 3600}) == set()


def test_deleting_twice_is_no_mistake(bench: QueueBench) -> None:
    """A second delete of a message succeeds and changes nothing."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()

    assert bench.delete(first.receipt)
    bench.clock.advance(VISIBILITY + 1)
    assert bench.delete(first.receipt)
    assert not bench.delete("no-receipt")
    assert bench.receive() == []


def test_what_is_hidden_for_no_time_is_handed_out_once_in_an_answer(bench: QueueBench) -> None:
    """A receive without hiding shows each message once, in order, and leaves it visible."""
    bench.queue.send([message("a1"), message("a2"), message("b1", group="b")])
    bench.queue.change_visibility({each.receipt: 0 for each in bench.receive()})
    bench.clock.advance(VISIBILITY + 1)

    assert sorted(bodies(bench.receive(visibility=0))) == ["a1", "a2", "b1"]
    bench.clock.advance(0.01)
    assert sorted(bodies(bench.receive())) == ["a1", "a2", "b1"]


def test_a_duplicate_within_five_minutes_is_taken_and_not_stored(bench: QueueBench) -> None:
    """A duplicate within five minutes is told as taken, and is not stored."""
    bench.queue.send([message("first", dedupe="d:1")])
    bench.clock.advance(299)

    assert bench.queue.send([message("second", dedupe="d:1"), message("third", dedupe="d:2")]) == [
        True,
        True,
    ]

    assert bodies(bench.receive()) == ["first", "third"]


def test_a_duplicate_after_five_minutes_is_stored(bench: QueueBench) -> None:
    """A duplicate five minutes after the first message is stored."""
    bench.queue.send([message("first", dedupe="d:1")])
    bench.clock.advance(301)

    bench.queue.send([message("second", dedupe="d:1")])

    assert bodies(bench.receive()) == ["first", "second"]


def test_a_deleted_message_is_still_remembered(bench: QueueBench) -> None:
    """The deduplication id of a deleted message is remembered for the five minutes."""
    bench.queue.send([message("first", dedupe="d:1")])
    bench.delete(bench.receive()[0].receipt)

    bench.queue.send([message("second", dedupe="d:1")])

    assert bench.receive() == []


def test_groups_are_deduplicated_each_for_itself(bench: QueueBench) -> None:
    """One deduplication id in two groups is two messages, as in high-throughput mode."""
    bench.queue.send([message("a1", group="a", dedupe="d:1")])
    bench.queue.send([message("b1", group="b", dedupe="d:1")])

    assert sorted(bodies(bench.receive())) == ["a1", "b1"]


def test_what_was_received_too_often_goes_to_the_queue_behind(bench: QueueBench) -> None:
    """A message that was received too often moves to the queue behind with its id and count."""
    bench.queue.send([message("a1", delivery="m:track")])
    ids: set[str] = set()
    for _ in range(MAX_RECEIVES):
        ids.update(each.message_id for each in bench.receive())
        bench.clock.advance(VISIBILITY + 1)

    assert bench.receive() == []

    [parked] = bench.receive_parked()
    assert (parked.body, parked.attributes) == ("a1", {"delivery": "m:track"})
    assert ids == {parked.message_id}
    assert parked.receive_count == MAX_RECEIVES + 1


def test_what_is_too_old_is_gone_without_a_word(bench: QueueBench) -> None:
    """A message older than the retention is deleted, and does not move to the queue behind."""
    bench.queue.send([message("a1")])
    bench.clock.advance(RETENTION + 1)

    assert bench.receive() == []
    assert bench.receive_parked() == []


def test_a_batch_of_more_than_a_mebibyte_is_refused_whole(bench: QueueBench) -> None:
    """A call whose messages exceed a mebibyte together is refused as a whole."""
    half = "x" * 600_000

    with pytest.raises(QueueUnavailable, match="BatchRequestTooLong"):
        bench.queue.send([message(half, dedupe="1"), message(half, dedupe="2")])
    assert bench.receive() == []


@pytest.mark.parametrize(
    ("body", "group", "dedupe"),
    [("a\x00b", "g", "d"), ("a\ufffeb", "g", "d"), ("a", "g g", "d"), ("a", "g", "d" * 129)],
    ids=["control character", "non-character", "space in the group", "long deduplication id"],
)
def test_what_sqs_does_not_take_is_refused_alone(
    bench: QueueBench, body: str, group: str, dedupe: str
) -> None:
    """An entry with a body or an id that SQS does not take is refused, and no other entry."""
    answer = bench.queue.send([message(body, group=group, dedupe=dedupe), message("fine")])

    assert answer == [False, True]


def park(bench: QueueBench, *names: str) -> None:
    """Have messages moved to the queue behind by the redrive policy."""
    bench.queue.send([message(name, token="7") for name in names])
    for _ in range(MAX_RECEIVES):
        assert bodies(bench.receive()) == list(names)
        bench.clock.advance(VISIBILITY + 1)
    assert bench.receive() == []


def test_a_redrive_gives_a_new_id_and_age_and_keeps_the_rest(bench: QueueBench) -> None:
    """A move task moves visible messages in order, with new ids and ages and counts from zero."""
    park(bench, "a", "b")
    parked = bench.receive_parked()
    bench.clock.advance(1000)
    now = bench.clock.now()

    assert bench.move_back() is None

    got = bench.receive()
    assert bodies(got) == ["a", "b"]
    assert [each.attributes for each in got] == [{"token": "7"}] * 2
    assert [each.sent_at for each in got] == pytest.approx([now, now], abs=2)
    assert {each.receive_count for each in got} == {1}
    assert {each.message_id for each in got}.isdisjoint(each.message_id for each in parked)


def test_a_redrive_leaves_what_is_in_flight(bench: QueueBench) -> None:
    """A move task leaves a message that is in flight where it is."""
    bench.parking.send([message("a")])
    [held] = bench.receive_parked()

    assert bench.move_back() is None

    assert bench.receive() == []
    assert bench.parking.change_visibility({held.receipt: 0}) == set()


def test_a_redrive_meets_the_targets_deduplication(bench: QueueBench) -> None:
    """A move task loses a message whose deduplication id the target remembers."""
    bench.queue.send([message("first", dedupe="p:1")])
    bench.parking.send([message("second", dedupe="p:1")])

    assert bench.move_back() is None

    assert bodies(bench.receive()) == ["first"]
    assert bench.receive_parked() == []


def test_a_redrive_home_goes_where_the_redrive_policy_took_it_from(bench: QueueBench) -> None:
    """Without a destination a move task moves messages to where SQS took them from.

    What was sent to the queue behind directly has no such place.
    """
    park(bench, "a")
    bench.clock.advance(301)
    assert bench.move_home() is None
    assert bodies(bench.receive()) == ["a"]

    bench.parking.send([message("sent")])
    assert bench.move_home() == "CouldNotDetermineMessageSource"
    assert bodies(bench.receive_parked()) == ["sent"]
