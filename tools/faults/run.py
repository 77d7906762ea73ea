"""One run: load under faults and interruptions, then calm until the queue is empty; the audit."""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from tools.faults import evidence, interruptions, story
from tools.faults.audit import Audit, audit
from tools.faults.fast_forward import QUEUE, FastForward, InvocationEnds
from tools.faults.fault_schedule import FaultSchedule
from tools.faults.interruptions import Interruptions
from tools.faults.load import DESTINATION, OWNER, TAKEN_CODE, Load
from tools.faults.observer import RelayObserver
from tools.faults.sender import Sender
from tools.faults.variant import variant
from tools.sandbox.processes import ProcessGroup
from tools.sandbox.sandbox import BUILT, Sandbox
from tools.sandbox.services import API_KEY, API_SECRET, start_rehook

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.faults.load import Sent

SEGMENT_PATIENCE = 10.0
REPLAYED, BATCH = 0.1, 20
"""The share of the settled events that Segment sends once more at the end, so many in a request."""
MAX_LOAD_SECONDS = 900.0
LOADED = 0.8
"""The share of the load over which interruptions are spread: after it, there is less to hit."""
AIM_PATIENCE = 1.5
AFTER_LOAD = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What is wanted. ``drain``: seconds that the queue may take to empty once all is calm.

    ``story``: a file for the run as text, if it does not hold.
    """

    seed: int
    events: int
    kills: int
    freezes: int
    policy: str = "retry"
    lanes: int = 8
    drain: float = 180.0
    built: Path = BUILT
    story: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What came of it."""

    seed: int
    policy: str
    audit: Audit
    figures: dict[str, int]
    answers: Counter[str]
    spells: Counter[str]
    kills: Counter[str]
    freezes: Counter[str]
    seconds: dict[str, float]
    processes_left: int

    @property
    def holds(self) -> bool:
        """Whether every invariant does."""
        return self.audit.holds and not self.processes_left


def run(settings: RunSettings, say: Callable[[str], None]) -> RunResult:
    """Do one run; ``say`` is told how it goes."""
    with tempfile.TemporaryDirectory(prefix="segment-rehook-faults-") as folder:
        return _Run(settings, say, Path(folder)).run()


class _Run:
    def __init__(self, settings: RunSettings, say: Callable[[str], None], folder: Path) -> None:
        self._settings = settings
        self._say = say
        self._folder = folder
        self._ends = InvocationEnds()
        self._interruptions = Interruptions(lambda: self._box, settings.seed)
        self._observer = RelayObserver(lambda: self._box, self._interruptions)
        self._seconds: dict[str, float] = {}
        self._load_done = threading.Event()
        self._spells: Counter[str] = Counter()

    def run(self) -> RunResult:
        settings = self._settings
        lanes = Load(settings.events, settings.lanes, settings.seed).requests()
        sent = [event for lane in lanes for request in lane for event in request]
        with contextlib.ExitStack() as ending:
            ending.callback(self._observer.close)
            group = ProcessGroup()
            ending.callback(group.close)
            self._rehook = start_rehook(group)
            ending.callback(self._rehook.close)
            self._observer.rehook.upstream = self._rehook.api_url
            self._box = ending.enter_context(self._sandbox())
            self._observer.aws.upstream = self._box.aws.api_url
            sender = Sender(
                self._box.webhook, self._box.shared_secret, settings.seed, timeout=SEGMENT_PATIENCE
            )
            with contextlib.closing(sender):
                self._load(lanes, sender)
                self._calm(lanes, sender)
            account = evidence.collect(
                self._box, self._rehook, sent, sender, self._observer.journal, self._interruptions
            )
            said = self._box.log.lines()
        processes = {line.process for line in said}
        found = audit(account, park=settings.policy == "park")
        if settings.story is not None and not found.holds:
            story.write(settings.story, self._observer.journal, self._interruptions, said)
        return RunResult(
            seed=settings.seed,
            policy=settings.policy,
            audit=found,
            figures={
                "events sent": len(sent),
                "requests answered": sum(sender.answers.values()),
                "calls that Rehook carried out": sum(map(len, account.calls.values())),
                "rewards": sum(account.rewards.values()),
                "calls made": sum(1 for _ in self._observer.journal.named("call")),
                "steps whose process was gone": sum(
                    step.pid is None for step in self._observer.journal.all()
                ),
                "records in the ledger": len(account.ledger),
                "messages parked": sum(map(len, account.parked.values())),
                "processes that ran": len(processes),
                "leases that ran out": self._leases,
                "marks left": account.marks,
            },
            answers=sender.answers,
            spells=self._spells,
            kills=self._interruptions.kills,
            freezes=self._interruptions.freezes,
            seconds=self._seconds,
            processes_left=sum(map(_runs, processes)),
        )

    def _sandbox(self) -> Sandbox:
        built = variant(
            self._settings.built,
            self._folder,
            variables={
                f"AWS_ENDPOINT_URL_{service}": self._observer.aws.url
                for service in ("DYNAMODB", "SQS", "SSM")
            },
            destination=DESTINATION,
        )
        return Sandbox(
            parameters={"UnknownPolicy": self._settings.policy, "RedriveConcurrency": "4"},
            rehook_url=self._observer.rehook.url,
            built=built,
            environments=4,
            watch_log=self._ends.watch,
        )

    def _load(self, lanes: list[list[list[Sent]]], sender: Sender) -> None:
        """Send the load while faults and interruptions happen, until all of it is through."""
        began = time.monotonic()
        self._take_code()
        self._fast_forward = FastForward(
            self._box, self._observer.journal, self._interruptions, self._ends
        )
        faults = FaultSchedule(
            self._rehook, self._box.aws, self._observer.rehook, self._settings.seed
        )
        total = sum(map(len, lanes))
        with ThreadPoolExecutor(len(interruptions.FUNCTIONS)) as pool:
            striking = [
                pool.submit(self._strike, name, sender, total) for name in interruptions.FUNCTIONS
            ]
            try:
                sender.send(lanes, lambda: time.monotonic() - began < MAX_LOAD_SECONDS)
            finally:
                self._load_done.set()
                for each in striking:
                    each.result()
                faults.calm()
        self._spells = faults.spells
        self._seconds["load"] = time.monotonic() - began

    def _calm(self, lanes: list[list[list[Sent]]], sender: Sender) -> None:
        """Nothing fails any more: the queue empties, Segment replays, it empties again."""
        began = time.monotonic()
        waiting = len(self._box.queue(QUEUE).messages())
        self._say(f"calm after {self._seconds['load']:.0f} s; {waiting} messages wait")
        self._drain()
        self._seconds["drain"] = time.monotonic() - began
        began = time.monotonic()
        unsettled = self._unsettled()
        chance = random.Random(self._settings.seed)
        batches = []
        for lane in lanes:
            events = [
                event
                for request in lane
                for event in request
                if event.delivery in unsettled or chance.random() < REPLAYED
            ]
            batches.append([events[at : at + BATCH] for at in range(0, len(events), BATCH)])
        self._say(f"the queue is empty; {sum(map(len, batches))} requests are replayed")
        sender.send(batches, lambda: time.monotonic() - began < MAX_LOAD_SECONDS)
        self._drain()
        self._fast_forward.close()
        self._leases = self._fast_forward.leases
        self._seconds["replay"] = time.monotonic() - began

    def _strike(self, function: str, sender: Sender, total: int) -> None:
        """Interrupt a function's processes, spread over the load; redrive's go on after it."""
        share = interruptions.FUNCTIONS.index(function)
        kills, freezes = (
            (number + share) // len(interruptions.FUNCTIONS)
            for number in (self._settings.kills, self._settings.freezes)
        )
        planned = interruptions.schedule(
            function, kills, freezes, random.Random(f"{self._settings.seed} {share}")
        )
        end = None
        for number, interruption in enumerate(planned):
            due = number / len(planned) * total * LOADED
            while sender.settled < due and not self._load_done.wait(0.02):
                pass
            if self._load_done.is_set():
                end = end or time.monotonic() + AFTER_LOAD
                if time.monotonic() > end:
                    break
            self._interruptions.carry_out(interruption, AIM_PATIENCE)
            if number % max(len(planned) // 5, 1) == 0:
                dealt = sum(self._interruptions.kills.values())
                self._say(f"{sender.settled} of {total} requests answered, {dealt} kills")

    def _take_code(self) -> None:
        """Give the referral code to a customer of its own."""
        body = json.dumps({"source_id": OWNER, "referral_code": TAKEN_CODE, "metadata": {}})
        headers = urllib3.make_headers(basic_auth=f"{API_KEY}:{API_SECRET}")
        urllib3.request("POST", f"{self._rehook.api_url}/customers", body=body, headers=headers)

    def _drain(self) -> None:
        queue = self._box.queue(QUEUE)
        end = time.monotonic() + self._settings.drain
        while time.monotonic() < end:
            if not queue.messages() and not self._busy():
                return
            with contextlib.suppress(BotoCoreError, ClientError):
                self._fast_forward.step()
            time.sleep(0.5)

    def _busy(self) -> bool:
        return any(self._box.processes(name, busy_only=True) for name in interruptions.FUNCTIONS)

    def _unsettled(self) -> set[str]:
        """The deliveries that the ledger has neither as delivered nor as parked."""
        return {
            item["id"]["S"].removeprefix("delivery#")
            for item in self._box.ledger()
            if item["id"]["S"].startswith("delivery#")
            and item["state"]["S"] not in {"delivered", "parked"}
        }


def _runs(pid: int) -> bool:
    """Whether a process still is one of the stack's: the number may be another's by now."""
    try:
        return b"awslambdaric" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
