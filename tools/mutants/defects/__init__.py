"""The deliberate defects. Each breaks one rule of the delivery protocol."""

from __future__ import annotations

from tools.mutants.defects.after_call import AFTER_THE_CALL
from tools.mutants.defects.assembly import IN_THE_ASSEMBLY
from tools.mutants.defects.calls import IN_THE_CALL
from tools.mutants.defects.cutover import IN_THE_CUTOVER
from tools.mutants.defects.ledger import IN_THE_LEDGER
from tools.mutants.defects.order import IN_THE_ORDER
from tools.mutants.defects.queued import IN_TAKING_WHAT_IS_QUEUED
from tools.mutants.defects.queues import IN_THE_QUEUES
from tools.mutants.defects.redrive import IN_REDRIVE
from tools.mutants.defects.sharing import IN_SHARED_CALLS

DEFECTS = (
    *IN_THE_LEDGER,
    *IN_TAKING_WHAT_IS_QUEUED,
    *IN_THE_CALL,
    *AFTER_THE_CALL,
    *IN_THE_QUEUES,
    *IN_THE_ORDER,
    *IN_REDRIVE,
    *IN_SHARED_CALLS,
    *IN_THE_CUTOVER,
    *IN_THE_ASSEMBLY,
)
