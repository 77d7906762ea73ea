"""The ledger's table in memory: deliveries, user marks and the breaker."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from segment_rehook.delivery.ledger.record import Record, State, Swap
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from segment_rehook.delivery.ports import Change, LedgerUnavailable
from tools.fakes.faults import Faults


class FakeLedger:
    """A `Ledger`. `records` is what the table holds; `writes` each record that landed, in order."""

    def __init__(self, faults: Faults | None = None, marks: FakeUserMarks | None = None) -> None:
        self.faults = faults or Faults(LedgerUnavailable)
        self.marks = marks or FakeUserMarks(self.faults)
        self.records: dict[str, Record] = {}
        self.writes: list[Record] = []
        self._lock = threading.Lock()

    def swap(self, changes: Sequence[Change]) -> list[Swap | LedgerUnavailable]:
        """Make the changes: one as `ledger.swap`, several within `ledger.share`."""
        if len(changes) == 1:
            return [self._change(changes[0])]
        try:
            return self.faults.run(
                "ledger.share", changes, lambda: [self._change(each) for each in changes]
            )
        except LedgerUnavailable as error:
            return [error] * len(changes)

    def take_queued(self, claim: Record) -> Record | None:
        """Claim what is queued."""
        return self.faults.run("ledger.take_queued", claim, lambda: self._take_queued(claim))

    def settle_and_clear(self, change: Change, user: str, mark: str) -> bool:
        """Make the change and clear the mark."""
        try:
            return self.faults.run(
                "ledger.settle_and_clear",
                change.new,
                lambda: self._settle_and_clear(change, user, mark),
            )
        except LedgerUnavailable:
            return False

    def _change(self, change: Change) -> Swap | LedgerUnavailable:
        try:
            return self.faults.run(
                "ledger.swap", change.new, lambda: self._swap(change.new, change.was)
            )
        except LedgerUnavailable as error:
            return error

    def _swap(self, new: Record, was: Record | None) -> Swap:
        with self._lock:
            found = self.records.get(new.id)
            if found is not None and found.nonce == new.nonce:
                return Swap(won=True)
            if (found.nonce if found else None) != (was.nonce if was else None):
                return Swap(won=False, found=found)
            self.records[new.id] = new
            self.writes.append(new)
            return Swap(won=True)

    def _take_queued(self, claim: Record) -> Record | None:
        with self._lock:
            found = self.records.get(claim.id)
            if found is None or (found.state, found.content) != (State.QUEUED, claim.content):
                return found
            taken = replace(
                claim,
                token=found.token + 1,
                parked_token=found.parked_token,
                crashes=found.crashes,
                doubtful=found.doubtful,
            )
            self.records[claim.id] = taken
            self.writes.append(taken)
            return taken

    def _settle_and_clear(self, change: Change, user: str, mark: str) -> bool:
        won = self._swap(change.new, change.was).won
        self.marks.remove(user, mark)
        return won


class FakeUserMarks:
    """A `UserMarks`. `marks` is what the table holds: user → the mark's name."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults(LedgerUnavailable)
        self.marks: dict[str, str] = {}
        self._lock = threading.Lock()

    def read(self, users: Collection[str]) -> dict[str, str]:
        """The marked ones among `users`."""
        return self.faults.run("marks.read", users, lambda: self._read(users))

    def put(self, lasts: Mapping[str, str]) -> None:
        """Mark users."""
        self.faults.run("marks.put", lasts, lambda: self._put(lasts))

    def clear(self, user: str, last: str) -> None:
        """Remove the mark if it still names `last`."""
        self.faults.run("marks.clear", (user, last), lambda: self.remove(user, last))

    def _read(self, users: Collection[str]) -> dict[str, str]:
        with self._lock:
            return {user: self.marks[user] for user in users if user in self.marks}

    def _put(self, lasts: Mapping[str, str]) -> None:
        with self._lock:
            self.marks.update(lasts)

    def remove(self, user: str, last: str) -> None:
        """Remove the mark if it still names `last`, without counting a call."""
        with self._lock:
            if self.marks.get(user) == last:
                del self.marks[user]


class FakeBreakerStore:
    """A `BreakerStore`. `record` is what the table holds."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults(LedgerUnavailable)
        self.record: BreakerRecord | None = None
        self._lock = threading.Lock()

    def read(self) -> BreakerRecord | None:
        """The record, if there is one."""
        return self.faults.run("breaker.read", None, lambda: self.record)

    def swap(self, new: BreakerRecord, was: BreakerRecord | None) -> bool:
        """Put `new` if `was` is still there."""
        return self.faults.run("breaker.swap", new, lambda: self._swap(new, was))

    def _swap(self, new: BreakerRecord, was: BreakerRecord | None) -> bool:
        with self._lock:
            found = self.record.nonce if self.record else None
            if found == new.nonce:
                return True
            if found != (was.nonce if was else None):
                return False
            self.record = new
            return True
