"""What the delivery protocol needs of SQS, of everything that stands in for it."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ports import QueueUnavailable
from tests.contract.queues import MAX_RECEIVES, RETENTION, VISIBILITY, QueueBench, bodies, message


def test_a_message_arrives_as_it_was_sent(bench: QueueBench) -> None:
    """Body, group, attributes and time of sending come back; nothing else does."""
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
    """SQS refuses an empty batch, so none is made."""
    assert bench.queue.send([]) == []
    assert bench.queue.change_visibility({}) == set()


def test_more_than_ten_are_a_defect_of_the_caller(bench: QueueBench) -> None:
    """SQS takes ten entries a call."""
    eleven = [message(str(number)) for number in range(11)]

    with pytest.raises(ValueError, match="11"):
        bench.queue.send(eleven)
    with pytest.raises(ValueError, match="11"):
        bench.queue.change_visibility({each.body: 0 for each in eleven})


def test_a_group_arrives_in_order(bench: QueueBench) -> None:
    """One receive hands over up to ten of a group, in the order of sending."""
    bench.queue.send([message(str(number)) for number in range(10)])
    bench.queue.send([message(str(number)) for number in range(10, 12)])

    assert bodies(bench.receive()) == [str(number) for number in range(10)]


def test_a_group_is_locked_while_any_message_of_it_is_in_flight(bench: QueueBench) -> None:
    """Nothing more of it is handed over; other groups are free."""
    bench.queue.send([message("a1", group="a")])
    bench.receive()
    bench.queue.send([message("a2", group="a"), message("b1", group="b")])

    assert bodies(bench.receive()) == ["b1"]


def test_deleting_what_is_in_flight_frees_the_group(bench: QueueBench) -> None:
    """The next of the group is handed over."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()
    bench.queue.send([message("a2")])

    bench.delete(first.receipt)

    assert bodies(bench.receive()) == ["a2"]


def test_what_is_not_deleted_comes_again(bench: QueueBench) -> None:
    """When the visibility time-out is over, with the receives counted and a new receipt."""
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
    """Also where several of a group become visible in the same moment."""
    bench.queue.send([message("a1"), message("a2")])
    bench.queue.change_visibility({each.receipt: 5 for each in bench.receive()})

    bench.clock.advance(6)

    assert bodies(bench.receive()) == ["a1", "a2"]


def test_visibility_hides_a_message_and_its_group_for_as_long_as_said(bench: QueueBench) -> None:
    """Back-off is this and nothing else: the message keeps its age and its place."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()

    assert bench.queue.change_visibility({first.receipt: 3600}) == set()

    bench.queue.send([message("a2")])
    bench.clock.advance(3599)
    assert bench.receive() == []
    bench.clock.advance(2)
    assert bodies(bench.receive()) == ["a1", "a2"]


def test_visibility_zero_hands_a_message_back_at_once(bench: QueueBench) -> None:
    """It can be received again straight away."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()

    bench.queue.change_visibility({first.receipt: 0})
    bench.clock.advance(0.01)

    assert bodies(bench.receive()) == ["a1"]


def test_a_refused_receipt_leaves_the_others_changed(bench: QueueBench) -> None:
    """ChangeMessageVisibilityBatch fails entry by entry."""
    bench.queue.send([message("a1", group="a"), message("b1", group="b")])
    first, second = bench.receive()

    refused = bench.queue.change_visibility(
        {first.receipt: 3600, "no-receipt": 5, second.receipt: 0}
    )

    assert refused == {"no-receipt"}
    bench.clock.advance(0.01)
    assert bodies(bench.receive()) == [second.body]


def test_visibility_ends_twelve_hours_after_the_receive(bench: QueueBench) -> None:
    """What lies beyond, or before now, is refused; being received late changes nothing."""
    bench.queue.send([message("a1")])
    bench.clock.advance(20 * 3600)
    [first] = bench.receive()
    bench.clock.advance(30)

    assert bench.queue.change_visibility({first.receipt: 43_200}) == {first.receipt}
    assert bench.queue.change_visibility({first.receipt: -1}) == {first.receipt}
    assert bench.queue.change_visibility({first.receipt: 43_200 - 30}) == set()


def test_a_receipt_dies_with_its_visibility(bench: QueueBench) -> None:
    """On a FIFO queue a late consumer can neither hide nor delete what others may have by now."""
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
    """A delete whose answer was lost is repeated, and changes nothing then."""
    bench.queue.send([message("a1")])
    [first] = bench.receive()

    assert bench.delete(first.receipt)
    bench.clock.advance(VISIBILITY + 1)
    assert bench.delete(first.receipt)
    assert not bench.delete("no-receipt")
    assert bench.receive() == []


def test_what_is_hidden_for_no_time_is_handed_out_once_in_an_answer(bench: QueueBench) -> None:
    """A look into a queue shows each message once, in order, and leaves it to be received."""
    bench.queue.send([message("a1"), message("a2"), message("b1", group="b")])
    bench.queue.change_visibility({each.receipt: 0 for each in bench.receive()})
    bench.clock.advance(VISIBILITY + 1)

    assert sorted(bodies(bench.receive(visibility=0))) == ["a1", "a2", "b1"]
    bench.clock.advance(0.01)
    assert sorted(bodies(bench.receive())) == ["a1", "a2", "b1"]


def test_a_duplicate_within_five_minutes_is_taken_and_not_stored(bench: QueueBench) -> None:
    """SQS says that it took it. What is needed again must have another deduplication id."""
    bench.queue.send([message("first", dedupe="d:1")])
    bench.clock.advance(299)

    assert bench.queue.send([message("second", dedupe="d:1"), message("third", dedupe="d:2")]) == [
        True,
        True,
    ]

    assert bodies(bench.receive()) == ["first", "third"]


def test_a_duplicate_after_five_minutes_is_stored(bench: QueueBench) -> None:
    """The interval runs from the first one."""
    bench.queue.send([message("first", dedupe="d:1")])
    bench.clock.advance(301)

    bench.queue.send([message("second", dedupe="d:1")])

    assert bodies(bench.receive()) == ["first", "second"]


def test_a_deleted_message_is_still_remembered(bench: QueueBench) -> None:
    """A deduplication id is used up for five minutes, whatever became of its message."""
    bench.queue.send([message("first", dedupe="d:1")])
    bench.delete(bench.receive()[0].receipt)

    bench.queue.send([message("second", dedupe="d:1")])

    assert bench.receive() == []


def test_groups_are_deduplicated_each_for_itself(bench: QueueBench) -> None:
    """High-throughput mode: the scope of deduplication is the message group."""
    bench.queue.send([message("a1", group="a", dedupe="d:1")])
    bench.queue.send([message("b1", group="b", dedupe="d:1")])

    assert sorted(bodies(bench.receive())) == ["a1", "b1"]


def test_what_was_received_too_often_goes_to_the_queue_behind(bench: QueueBench) -> None:
    """Instead of one more receive, under its old id; the receives are counted on."""
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
    """SQS deletes at the end of the retention: it moves nothing to the queue behind."""
    bench.queue.send([message("a1")])
    bench.clock.advance(RETENTION + 1)

    assert bench.receive() == []
    assert bench.receive_parked() == []


def test_a_batch_of_more_than_a_mebibyte_is_refused_whole(bench: QueueBench) -> None:
    """The limit counts for a message, and for all of a call together."""
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
    """Bodies of XML's characters; ids of 128 printable ASCII characters without a space."""
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
    """StartMessageMoveTask moves in order what is visible, and starts to count receives anew."""
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
    """Whoever received a message from the queue behind has it in hand."""
    bench.parking.send([message("a")])
    [held] = bench.receive_parked()

    assert bench.move_back() is None

    assert bench.receive() == []
    assert bench.parking.change_visibility({held.receipt: 0}) == set()


def test_a_redrive_meets_the_targets_deduplication(bench: QueueBench) -> None:
    """A message keeps its deduplication id, and may be swallowed by it."""
    bench.queue.send([message("first", dedupe="p:1")])
    bench.parking.send([message("second", dedupe="p:1")])

    assert bench.move_back() is None

    assert bodies(bench.receive()) == ["first"]
    assert bench.receive_parked() == []


def test_a_redrive_home_goes_where_the_redrive_policy_took_it_from(bench: QueueBench) -> None:
    """Without a destination; what was sent to the queue behind directly has no such place."""
    park(bench, "a")
    bench.clock.advance(301)
    assert bench.move_home() is None
    assert bodies(bench.receive()) == ["a"]

    bench.parking.send([message("sent")])
    assert bench.move_home() == "CouldNotDetermineMessageSource"
    assert bodies(bench.receive_parked()) == ["sent"]
