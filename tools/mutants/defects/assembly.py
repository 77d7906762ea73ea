"""Deliberate defects in how the two functions are assembled, and in their settings."""

from __future__ import annotations

from tools.mutants.defect import Defect

ASSEMBLY = "delivery/assembly.py"
SETTINGS = "delivery/settings.py"

IN_THE_ASSEMBLY = (
    Defect(
        "ingest does not heed a rate limit",
        ASSEMBLY,
        "caller=_caller(settings, ports, heeds_throttling=True)",
        "caller=_caller(settings, ports, heeds_throttling=False)",
    ),
    Defect(
        "redrive heeds a rate limit",
        ASSEMBLY,
        "caller=_caller(settings, ports, heeds_throttling=False)",
        "caller=_caller(settings, ports, heeds_throttling=True)",
    ),
    Defect(
        "ingest's lease is redrive's",
        SETTINGS,
        "    lease: float = 30.0\n",
        "    lease: float = 90.0\n",
    ),
    Defect(
        "redrive's lease is ingest's",
        SETTINGS,
        "    lease: float = 90.0\n",
        "    lease: float = 30.0\n",
    ),
    Defect(
        "a lease as long as the ledger remembers",
        ASSEMBLY,
        "        lease=settings.lease,\n",
        "        lease=settings.ledger_keep,\n",
    ),
    Defect(
        "the ledger remembers as long as a lease",
        ASSEMBLY,
        "        keep=settings.ledger_keep,\n",
        "        keep=int(settings.lease),\n",
    ),
    Defect(
        "a call may take as long as its lease",
        ASSEMBLY,
        "        timeout=settings.call_timeout,\n",
        "        timeout=settings.lease,\n",
    ),
    Defect(
        "ingest's calls may take as long as redrive's",
        SETTINGS,
        "    call_timeout: float = 2.0\n",
        "    call_timeout: float = 10.0\n",
    ),
    Defect(
        "ingest parks in the dead-letter queue",
        ASSEMBLY,
        "            parking_lot=Sender(ports.parking_lot, ports.telemetry, settings.senders),\n",
        "            parking_lot=Sender(ports.dead_letters, ports.telemetry, settings.senders),\n",
    ),
    Defect(
        "ingest stores in the parking lot",
        ASSEMBLY,
        "dead_letters=Sender(ports.dead_letters,",
        "dead_letters=Sender(ports.parking_lot,",
    ),
    Defect(
        "redrive parks in the dead-letter queue",
        ASSEMBLY,
        "ParkingLot(Sender(ports.parking_lot,",
        "ParkingLot(Sender(ports.dead_letters,",
    ),
    Defect(
        "storing ends with the budget",
        ASSEMBLY,
        "grace=settings.listens - settings.budget",
        "grace=0.0",
    ),
    Defect(
        "storing goes on when Segment is gone",
        ASSEMBLY,
        "grace=settings.listens - settings.budget",
        "grace=settings.listens",
    ),
    Defect(
        "the last try comes at the hard stop",
        ASSEMBLY,
        "give_up_after=settings.give_up_after",
        "give_up_after=settings.hard_stop",
    ),
    Defect(
        "no try is made after the age of giving up",
        ASSEMBLY,
        "hard_stop=settings.hard_stop",
        "hard_stop=settings.give_up_after",
    ),
    Defect(
        "the hard stop is when SQS deletes the message",
        SETTINGS,
        "return self.queue_retention - DAY",
        "return self.queue_retention",
    ),
    Defect(
        "redrive does not hear of the policy `park`",
        ASSEMBLY,
        "            hard_stop=settings.hard_stop,\n"
        "            park_unknown=settings.park_unknown,\n",
        "            hard_stop=settings.hard_stop,\n            park_unknown=False,\n",
    ),
    Defect(
        "ingest does not hear of the policy `park`",
        ASSEMBLY,
        "            grace=settings.listens - settings.budget,\n"
        "            park_unknown=settings.park_unknown,\n",
        "            grace=settings.listens - settings.budget,\n            park_unknown=False,\n",
    ),
    Defect(
        "order can't be switched off",
        ASSEMBLY,
        "ordered=settings.ordered",
        "ordered=True",
    ),
    Defect(
        "the breaker's threshold is not the operator's",
        ASSEMBLY,
        "threshold=settings.breaker_threshold",
        "threshold=5",
    ),
    Defect(
        "an ordinary request's body is too large",
        ASSEMBLY,
        "max_body_bytes=settings.max_body_bytes",
        "max_body_bytes=settings.senders",
    ),
    Defect(
        "batches need no token",
        ASSEMBLY,
        "batches_need_token=settings.batches_need_token",
        "batches_need_token=False",
    ),
)
