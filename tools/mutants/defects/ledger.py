"""Deliberate defects in the records, in the claim rules, and in claiming and settling."""

from __future__ import annotations

from tools.mutants.defect import Defect

RECORD = "delivery/ledger/record.py"
RULES = "delivery/ledger/claim_rules.py"
CLAIMS = "delivery/ledger/claims.py"

IN_THE_LEDGER = (
    Defect(
        "call without a claim",
        CLAIMS,
        "if swap.won:",
        "if swap.won or swap.found:",
    ),
    Defect(
        "drop the fence: settle under any claim",
        CLAIMS,
        "            answered = list(zip(waiting, swaps, strict=True))\n",
        "            swaps = self.ledger.swap([\n"
        "                Change(each.record, getattr(swap, 'found', None) or each.mine)\n"
        "                for each, swap in zip(waiting, swaps)])\n"
        "            answered = list(zip(waiting, swaps, strict=True))\n",
    ),
    Defect(
        "settle with a new nonce at each try",
        CLAIMS,
        "[Change(each.record, each.mine) for each in waiting]",
        "[Change(msgspec.structs.replace(each.record, nonce=self.randomness.nonce()), each.mine)"
        " for each in waiting]",
    ),
    Defect(
        "settle once only",
        CLAIMS,
        "MAX_SETTLE_TRIES = 2",
        "MAX_SETTLE_TRIES = 1",
    ),
    Defect(
        "name a takeover's claim that went unheard",
        CLAIMS,
        'self.nonce = "" if crashed else claim.nonce',
        "self.nonce = claim.nonce",
    ),
    Defect(
        "name no claim that went unheard",
        CLAIMS,
        'self.nonce = "" if crashed else claim.nonce',
        'self.nonce = ""',
    ),
    Defect(
        "a takeover counts no crash",
        CLAIMS,
        "            crashed=verdict is Verdict.TAKE_CRASHED,\n",
        "",
    ),
    Defect(
        "a claim of redrive's does not say that a message waits",
        CLAIMS,
        "            by_redrive=wanted.by_redrive,\n",
        "",
    ),
    Defect(
        "a part of a shared claim that got no answer is called",
        CLAIMS,
        "                    claims[asked.delivery] = ClaimUnknown(each.verdict, each.new)\n",
        "                    claims[asked.delivery] = Claim(each.verdict, mine=each.new)\n",
    ),
    Defect(
        "a settlement that lost beside others is not counted",
        CLAIMS,
        "        for each in (*overtaken, *waiting):\n",
        "        for each in waiting:\n",
    ),
    Defect(
        "a shared settlement is written again where it was answered",
        CLAIMS,
        "            waiting = [each for each, swap in answered if isinstance(swap, Led",
        "            waiting = [each for each, swap in answered if True or isinstance(swap, Led",
    ),
    Defect(
        "a mended event replaces what may have been given",
        RECORD,
        "at_rest and not self.doubtful and",
        "at_rest and",
    ),
    Defect(
        "a mended event replaces what waits",
        RECORD,
        "self.state in {State.PARKED, State.RELEASED}",
        "self.state in {State.PARKED, State.RELEASED, State.QUEUED}",
    ),
    Defect(
        "a mended event under a business key never takes the parked one's place",
        RECORD,
        "self.content != content",
        'self.content.partition(".")[0] != content.partition(".")[0]',
    ),
    Defect(
        "a takeover forgets that its predecessor may have called",
        RECORD,
        "(was.doubtful or was.state is State.CLAIMED)",
        "was.doubtful",
    ),
    Defect(
        "a later claim forgets an earlier doubt",
        RECORD,
        "(was.doubtful or was.state is State.CLAIMED)",
        "was.state is State.CLAIMED",
    ),
    Defect(
        "take over a lease that is alive",
        RECORD,
        "return now > self.lease + CLOCK_MARGIN",
        "return now > self.lease - 25",
    ),
    Defect(
        "ignore the margin for clocks",
        RECORD,
        "return now > self.lease + CLOCK_MARGIN",
        "return now > self.lease",
    ),
    Defect(
        "the token does not grow",
        RECORD,
        "token=(was.token if was else 0) + 1",
        "token=1",
    ),
    Defect(
        "count no crashes",
        RECORD,
        "crashes=(was.crashes if was else 0) + (1 if crashed else 0)",
        "crashes=0",
    ),
    Defect(
        "never forgive a crash",
        RECORD,
        "state=State.QUEUED, in_queue=True, crashes=0)",
        "state=State.QUEUED, in_queue=True)",
    ),
    Defect(
        "take a dead claimant's delivery for untouched",
        RULES,
        "            return Verdict.TAKE_CRASHED\n        return Verdict.QUEUED",
        "            return Verdict.TAKE\n        return Verdict.QUEUED",
    ),
    Defect(
        "redrive takes a dead claimant's delivery for untouched",
        RULES,
        "return Verdict.TAKE_CRASHED if found.lease_ran_out(now) else Verdict.CLAIMED",
        "return Verdict.TAKE if found.lease_ran_out(now) else Verdict.CLAIMED",
    ),
    Defect(
        "match a message's claim by its token",
        RULES,
        "if header.nonce == found.nonce:",
        "if header.token == found.token:",
    ),
    Defect(
        "any epoch opens what is parked",
        RULES,
        "if sent_back and header.parked_token == found.parked_token",
        "if sent_back",
    ),
    Defect(
        "deliver what is parked again without an operator",
        RULES,
        "if sent_back and header.parked_token == found.parked_token",
        "if True",
    ),
    Defect(
        "what is sent back takes the place of a mended event that was parked since",
        RULES,
        "may_replace = found.state is State.RELEASED or not sent_back",
        "may_replace = True",
    ),
    Defect(
        "what is sent back does not take a released one's place",
        RULES,
        "may_replace = found.state is State.RELEASED or not sent_back",
        "may_replace = not sent_back",
    ),
    Defect(
        "delete every message whose id another event was delivered under",
        RULES,
        "delivered = found.state is State.DELIVERED and replaced",
        "delivered = found.state is State.DELIVERED",
    ),
    Defect(
        "delete what a mended event replaced, although that is parked itself",
        RULES,
        "delivered = found.state is State.DELIVERED and replaced",
        "delivered = replaced",
    ),
    Defect(
        "one id with another event is delivered",
        RULES,
        "    if not ids.same_event(found.content, content):\n        return Verdict.CONFLICT\n",
        "",
    ),
    Defect(
        "one id, another event's message is delivered",
        RULES,
        "        return Verdict.DELIVERED if delivered else Verdict.CONFLICT\n",
        "        if delivered:\n            return Verdict.DELIVERED\n",
    ),
    Defect(
        "the same event twice in one request, twice delivered",
        "delivery/ingest/planner.py",
        "        if known is not None:\n",
        "        if known is not None and known != delivery.content:\n",
    ),
    Defect(
        "an order that is sent again with another page's address is another order",
        "delivery/ids.py",
        'return one.partition(".")[0] == other.partition(".")[0]',
        "return one == other",
    ),
)
