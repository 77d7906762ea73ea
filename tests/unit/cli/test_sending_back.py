"""Tests of `failures redrive` with many messages and with refusals, in simulated time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook_cli.failures.sending_back import DeadLetterQueue, SendingBack
from tests.unit.cli.queues import World, letter, number_of


@pytest.mark.parametrize(
    ("messages", "users", "seconds"),
    [
        (900, 900, 0.1),
        (900, 1, 0.1),
        (900, 30, 0.3),
        (12_500, 12_500, 0.1),
        (2_000, 50, 0.5),
        (500, 1, 2.0),
    ],
)
def test_a_slow_sqs_is_no_reason_to_leave_anything(
    messages: int, users: int, seconds: float
) -> None:
    """With slow calls all messages are sent, in each user's order, and no receipt expires."""
    world = World()
    world.park(*(letter(number, user=f"u{number % users}") for number in range(messages)))
    world.sqs.seconds = seconds

    run = world.redrive()

    assert (run.sent, run.reader.left, list(run.notes())) == (messages, 0, [])
    assert run.reader.unread() == 0
    by_user = defaultdict(list)
    for number in world.sent():
        by_user[number % users].append(number)
    assert all(numbers == sorted(numbers) for numbers in by_user.values())
    assert sum(map(len, by_user.values())) == messages


def test_a_filter_reaches_what_lies_behind_thousands_of_others() -> None:
    """A message behind thousands that are not chosen is sent; these are visible at the end."""
    world = World()
    world.park(*(letter(number) for number in range(12_500)))
    world.park(letter(12_500, reason="gave_up"))
    world.sqs.seconds = 0.3

    run = world.redrive(lambda failed: failed.reason == "gave_up")

    assert (run.sent, run.reader.left, run.complete) == (1, 12_500, True)
    assert {each.receive_count for each in world.parking.stored()} == {1}
    assert world.sent() == [12_500]
    assert world.parked() == list(range(12_500))


def test_never_more_than_a_portion_is_hidden() -> None:
    """At most about one portion of messages is hidden at any time."""
    world = World()
    world.park(*(letter(number) for number in range(3_000)))
    most = 0

    def look(_name: str) -> None:
        nonlocal most
        most = max(most, len(world.parking.in_flight()))

    world.sqs.before = look
    assert world.redrive().sent == 3_000
    assert most <= 510


def test_ten_go_in_a_call() -> None:
    """A hundred messages take ten calls to send and ten calls to delete."""
    world = World()
    world.park(*(letter(number) for number in range(100)))
    world.redrive()
    assert world.sqs.calls.count("SendMessageBatch") == 10
    assert world.sqs.calls.count("DeleteMessageBatch") == 10


def test_what_sqs_moved_shows_why_it_waited() -> None:
    """A message that SQS itself moved shows the reason for which it last waited."""
    world = World()
    moved = letter(1)
    kept = {**moved.attributes, "reason": "unavailable"}
    del kept["epoch"]
    world.dead_letters.max_receives, world.dead_letters.parking = 1, world.parking
    world.dead_letters.accept(replace(moved, attributes=kept))
    world.dead_letters.receive()
    world.clock.advance(world.dead_letters.visibility)
    world.dead_letters.receive()

    reader = world.reader()
    [[message]] = reader.portions()
    shown = message.summary(reader.started_at)
    assert (shown["reason"], shown["detail"]) == ("unavailable", "")


def test_what_comes_back_from_redrive_is_left() -> None:
    """Messages that are parked after the start are left, so that the run ends."""
    world = World()
    world.park(*(letter(number) for number in range(30)))
    world.sqs.seconds = 0.1
    again = iter(range(30, 100_000))

    def give_up_again(name: str) -> None:
        if name in {"DeleteMessageBatch", "ReceiveMessage"}:
            world.parking.accept(letter(next(again)))

    world.sqs.before = give_up_again
    run = world.redrive()

    # SQS's time is known to the second: what is parked in the first one still counts.
    assert 30 <= run.sent < 60
    assert run.late > 0
    assert run.complete


@pytest.mark.parametrize("wrong_by", [-3_600, 3_600])
def test_a_machine_whose_clock_is_wrong_sends_the_same(wrong_by: int) -> None:
    """The time is SQS's: a wrong clock changes neither ages nor what is sent."""
    world = World()
    world.park(*(letter(number) for number in range(30)))
    world.clock.jump(wrong_by)

    reader = world.reader()
    shown = [each.summary(reader.started_at) for portion in reader.portions() for each in portion]
    reader.close()
    assert {row["ageSeconds"] for row in shown} <= {0, 1}
    assert world.redrive().sent == 30


@pytest.mark.parametrize(
    ("call", "code", "sent", "said"),
    [
        ("SendMessageBatch", "AccessDenied", 0, "AccessDenied: bob may not – not sent back: 30"),
        ("SendMessageBatch", "ExpiredToken", 0, "sign in again"),
        (
            "SendMessageBatch",
            "AWS.SimpleQueueService.NonExistentQueue",
            0,
            "the queue does not exist",
        ),
        ("DeleteMessageBatch", "AccessDenied", 0, "sent back, but not deleted"),
        ("ReceiveMessage", "ExpiredToken", 0, "ReceiveMessage: ExpiredToken: "),
    ],
)
def test_a_refusal_is_one_line_and_leaves_everything(
    call: str, code: str, sent: int, said: str
) -> None:
    """A refused call gives one line, leaves all messages visible, and the run is not complete."""
    world = World()
    world.park(*(letter(number) for number in range(30)))
    world.sqs.refuse[call] = code

    run = world.redrive()

    assert not run.complete
    assert run.sent == sent
    assert world.parked() == list(range(30))
    [line] = run.notes()
    assert said in line


def test_a_message_that_sqs_does_not_take_holds_back_its_user() -> None:
    """A refused message holds back its user's later ones in all portions, and no other user's."""
    world = World()
    world.park(*(letter(number, user=f"u{number % 2}") for number in range(1_200)))
    world.dead_letters.refuse = lambda message: number_of(message) == 6

    run = world.redrive()

    assert not run.complete
    assert [number for number in world.sent() if number % 2 == 0] == [0, 2, 4]
    assert [number for number in world.sent() if number % 2 == 1] == list(range(1, 1_200, 2))
    assert world.parked() == list(range(6, 1_200, 2))
    assert list(run.notes()) == [
        "SendMessageBatch: Refused – not sent back: 1",
        "not sent back, because an earlier message of the same user was not: 596",
    ]


def test_a_receipt_that_ran_out_counts_as_left() -> None:
    """If receipts expire before the delete, one line says so and the messages count as left."""
    world = World()
    world.park(*(letter(number) for number in range(30)))

    def sleep(name: str) -> None:
        if name == "DeleteMessageBatch" and "DeleteMessageBatch" not in world.sqs.calls:
            world.clock.advance(4_000)

    world.sqs.before = sleep
    run = world.redrive()

    assert run.sent + run.reader.left == 30
    assert run.reader.left == 30
    assert not run.complete
    [line] = run.notes()
    assert "ReceiptHandleIsInvalid" in line
    assert line.endswith(": 30")
    assert sorted(world.sent()) == list(range(30))


def test_ctrl_c_hides_nothing_and_sends_nothing_twice() -> None:
    """After Ctrl-C, sent messages are deleted, the others are visible, and the counts are right."""
    world = World()
    world.park(*(letter(number, user="u") for number in range(40)))

    def press(name: str) -> None:
        if name == "SendMessageBatch" and world.sqs.calls.count(name) == 7:
            world.sqs.before = lambda _name: None
            raise KeyboardInterrupt

    world.sqs.before = press
    reader = world.reader()
    run = SendingBack(
        reader=reader,
        target=DeadLetterQueue(world.sqs.client, "dead"),
        clock=world.clock,
        refusals=world.refusals,
        chosen=lambda _failed: True,
        parked_before=reader.started_at,
    )
    with pytest.raises(KeyboardInterrupt):
        run.run(lambda _number: None)

    assert (run.sent, reader.left) == (7, 33)
    assert world.sent() == list(range(7))
    assert world.parked() == list(range(7, 40))


def test_what_somebody_else_holds_is_not_passed_over_in_silence() -> None:
    """Messages that somebody else has hidden are counted as not read."""
    world = World()
    world.park(*(letter(number) for number in range(25)))
    world.parking.visibility = 3_600.0
    world.parking.receive(10)

    run = world.redrive()

    assert run.sent == 15
    assert run.reader.unread() == 10


def test_an_old_dead_letter_queue_is_emptied_group_by_group() -> None:
    """A queue with all messages in one group is sent completely and in order."""
    world = World()
    for number in range(45):
        made = letter(number, user="u")
        world.parking.accept(
            Outgoing(group="u", dedupe=str(number), body=made.body, attributes=made.attributes)
        )

    run = world.redrive()

    assert run.sent == 45
    assert world.sent() == list(range(45))


@given(
    users=st.lists(st.integers(0, 5), max_size=60),
    refused=st.sets(st.integers(0, 59)),
    seconds=st.sampled_from([0.0, 0.2, 20.0]),
    chosen=st.sets(st.integers(0, 59)),
)
def test_nothing_is_lost_and_no_order_turned(
    users: list[int], refused: set[int], seconds: float, chosen: set[int]
) -> None:
    """Each message is in one queue, and a user's sent ones are the first of the chosen ones."""
    world = World()
    world.park(*(letter(number, user=f"u{user}") for number, user in enumerate(users)))
    world.dead_letters.refuse = lambda message: number_of(message) in refused
    world.sqs.seconds = seconds

    run = world.redrive(
        lambda failed: int(failed.message.attributes["delivery"].partition(":")[0][1:]) in chosen
    )

    sent = world.sent()
    assert run.sent == len(set(sent))
    assert sorted([*sent, *world.parked()]) == list(range(len(users)))
    for user in set(users):
        mine = [
            number for number in sorted(chosen) if number < len(users) and users[number] == user
        ]
        went = [number for number in sent if users[number] == user]
        assert went == mine[: len(went)]
        if run.complete:
            assert went == mine


@pytest.mark.parametrize(("rate", "seconds"), [(10.0, 12.0), (200.0, 0.6)])
def test_no_more_are_sent_in_a_second_than_is_asked(rate: float, seconds: float) -> None:
    """With a rate, 120 messages take at least as long as they must, and little longer."""
    world = World()
    world.park(*(letter(number) for number in range(120)))
    began = world.clock.monotonic()
    assert world.redrive(rate=rate).sent == 120
    # At the end the queue is asked until it is empty.
    assert seconds <= world.clock.monotonic() - began < seconds + 6
