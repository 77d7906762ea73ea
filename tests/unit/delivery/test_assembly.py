"""How both functions are put together: each figure and each port is where it belongs."""

from __future__ import annotations

from pathlib import Path

from segment_rehook.delivery.assembly import assemble_ingest, assemble_redrive
from segment_rehook.delivery.settings import DAY, HOUR, IngestSettings, RedriveSettings
from tests.unit.delivery.samples import DESTINATION
from tests.unit.delivery.world import InTurn, World

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()


def test_ingest_works_by_its_settings() -> None:
    """Each setting of ingest reaches the part that it is for, and none stays at its default."""
    settings = IngestSettings(
        call_timeout=1.5,
        lease=31.0,
        workers=3,
        ordered=False,
        park_unknown=True,
        ledger_keep=4_000,
        senders=5,
        budget=6.0,
        listens=8.5,
        max_body_bytes=7_000,
        batches_need_token=True,
    )
    webhook = assemble_ingest(settings, DESTINATION, World().ports())
    ingest = webhook.ingest

    assert (ingest.claims.lease, ingest.claims.keep) == (31.0, 4_000)
    assert ingest.caller.timeout == 1.5
    assert (ingest.workers, ingest.ordered, ingest.park_unknown) == (3, False, True)
    assert (ingest.dead_letters.senders, ingest.parking_lot.senders) == (5, 5)
    assert (webhook.budget, ingest.grace) == (6.0, 2.5)
    assert (webhook.max_body_bytes, webhook.batches_need_token) == (7_000, True)


def test_redrive_works_by_its_settings() -> None:
    """Each setting of redrive reaches its part.

    The last try comes before the hard stop, which is a day before SQS deletes the message.
    """
    settings = RedriveSettings(
        call_timeout=9.0,
        lease=91.0,
        workers=3,
        park_unknown=True,
        ledger_keep=4_000,
        senders=5,
        give_up_after=2 * HOUR,
        queue_retention=3 * DAY,
    )
    sizes: list[int] = []

    def threads(size: int) -> InTurn:
        sizes.append(size)
        return InTurn()

    redrive = assemble_redrive(settings, DESTINATION, World(threads=threads).ports())
    attempts = redrive.attempts

    assert (attempts.claims.lease, attempts.claims.keep) == (91.0, 4_000)
    assert attempts.caller.timeout == 9.0
    assert (sizes, attempts.park_unknown) == ([3], True)
    assert attempts.parking_lot.sender.senders == 5
    assert (attempts.give_up_after, attempts.hard_stop) == (2 * HOUR, 2 * DAY)


def test_each_queue_is_used_for_what_it_is() -> None:
    """What waits is sent to the dead-letter queue, and what is given up to the parking lot."""
    ports = World().ports()
    ingest = assemble_ingest(IngestSettings(), DESTINATION, ports).ingest
    redrive = assemble_redrive(RedriveSettings(), DESTINATION, ports)

    assert ingest.dead_letters.queue is ports.dead_letters
    assert ingest.parking_lot.queue is ports.parking_lot
    assert redrive.dead_letters is ports.dead_letters
    assert redrive.attempts.parking_lot.sender.queue is ports.parking_lot


def test_the_figures_are_the_protocols() -> None:
    """The protocol page and the code give the same leases and the same age of giving up."""
    ingest, redrive = IngestSettings(), RedriveSettings()

    assert f"lease is {ingest.lease:g} s in ingest and {redrive.lease:g} s in redrive" in PAGE
    assert f"`GiveUpAfterHours` ({redrive.give_up_after / HOUR:g}) after entering the queue" in PAGE
    assert redrive.queue_retention - redrive.hard_stop == DAY
