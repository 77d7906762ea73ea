"""One run: a load under faults and interruptions, recovery until the queue is empty, the checks."""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from tools.faults import evidence, interruptions, timeline
from tools.faults.fast_forward import QUEUE, FastForward, InvocationEnds
from tools.faults.fault_schedule import FaultSchedule
from tools.faults.interruptions import Interruptions
from tools.faults.invariants import check_invariants
from tools.faults.load import DESTINATION, OWNER, TAKEN_CODE, Load
from tools.faults.observer import RelayObserver
from tools.faults.replay import replay
from tools.faults.result import RunResult
from tools.faults.sender import SegmentSender
from tools.faults.variant import variant
from tools.sandbox.processes import ProcessGroup
from tools.sandbox.sandbox import Sandbox
from tools.sandbox.services import API_KEY, API_SECRET, start_rehook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tools.faults.load import SentEvent
    from tools.faults.result import RunSettings

REQUEST_SECONDS = 10.0
"""Segment's time-out for a request."""
MAX_LOAD_SECONDS = 900.0
INTERRUPTED = 0.8
"""The share of the load over which interruptions are spread; towards its end few processes run."""
AIM_SECONDS = 1.5
"""How long an aimed interruption waits for its point."""
AFTER_LOAD_SECONDS = 20.0
"""How long interruptions go on after the load."""


def run(settings: RunSettings, say: Callable[[str], None]) -> RunResult:
    """Make one run. `say` is given a line of text now and then: how far the run is."""
    with tempfile.TemporaryDirectory(prefix="segment-rehook-faults-") as folder:
        return _Run(settings, say, Path(folder)).run()


class _Run:
    def __init__(self, settings: RunSettings, say: Callable[[str], None], folder: Path) -> None:
        self._settings = settings
        self._say = say
        self._folder = folder
        self._ends = InvocationEnds()
        self._interruptions = Interruptions(lambda: self._sandbox, settings.seed)
        self._observer = RelayObserver(lambda: self._sandbox, self._interruptions)
        self._seconds: dict[str, float] = {}
        self._load_done = threading.Event()
        self._faults: Counter[str] = Counter()

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
            self._sandbox = ending.enter_context(self._variant())
            self._observer.aws.upstream = self._sandbox.aws.api_url
            sender = SegmentSender(
                self._sandbox.webhook,
                self._sandbox.shared_secret,
                settings.seed,
                timeout=REQUEST_SECONDS,
            )
            with contextlib.closing(sender):
                self._load(lanes, sender)
                self._recover(lanes, sender)
            account = evidence.collect(
                self._sandbox, self._rehook, sent, sender, self._observer.trace, self._interruptions
            )
            logged = self._sandbox.log.lines()
        processes = {line.process for line in logged}
        found = check_invariants(account, park=settings.policy == "park")
        if settings.timeline is not None and not found.holds:
            timeline.write(settings.timeline, self._observer.trace, self._interruptions, logged)
        return RunResult(
            settings=settings,
            findings=found,
            figures={
                "events sent": len(sent),
                "requests answered": sum(sender.answers.values()),
                "calls that Rehook carried out": sum(map(len, account.calls.values())),
                "rewards": sum(account.rewards.values()),
                "calls made": sum(1 for _ in self._observer.trace.of("call")),
                "requests whose process was gone": sum(
                    entry.pid is None for entry in self._observer.trace.all()
                ),
                "records in the ledger": len(account.ledger),
                "messages parked": sum(map(len, account.parked.values())),
                "processes that ran": len(processes),
                "leases that ran out": self._leases,
                "marks left": account.marks,
                **_shared(self._observer.trace.shared),
            },
            answers=sender.answers,
            faults=self._faults,
            kills=self._interruptions.kills,
            freezes=self._interruptions.freezes,
            seconds=self._seconds,
            processes_left=sum(map(_runs, processes)),
        )

    def _variant(self) -> Sandbox:
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

    def _load(self, lanes: list[list[list[SentEvent]]], sender: SegmentSender) -> None:
        """Send the load under faults and interruptions, until each request has its final answer."""
        began = time.monotonic()
        self._take_code()
        self._fast_forward = FastForward(
            self._sandbox, self._observer.trace, self._interruptions, self._ends
        )
        faults = FaultSchedule(
            self._rehook, self._sandbox.aws, self._observer.rehook, self._settings.seed
        )
        total = sum(map(len, lanes))
        with ThreadPoolExecutor(len(interruptions.FUNCTIONS)) as pool:
            interrupting = [
                pool.submit(self._interrupt, name, sender, total)
                for name in interruptions.FUNCTIONS
            ]
            try:
                sender.send(lanes, lambda: time.monotonic() - began < MAX_LOAD_SECONDS)
            finally:
                self._load_done.set()
                for each in interrupting:
                    each.result()
                faults.stop()
        self._faults = faults.begun
        self._seconds["load"] = time.monotonic() - began

    def _recover(self, lanes: list[list[list[SentEvent]]], sender: SegmentSender) -> None:
        """Without faults: empty the queue, let Segment replay events, and empty the queue again."""
        began = time.monotonic()
        waiting = len(self._sandbox.queue(QUEUE).messages())
        self._say(f"the load took {self._seconds['load']:.0f} s; {waiting} messages wait")
        self._drain()
        self._seconds["drain"] = time.monotonic() - began
        began = time.monotonic()
        replayed = replay(lanes, self._sandbox, self._settings.seed)
        self._say(f"the queue is empty; {sum(map(len, replayed))} requests are replayed")
        sender.send(replayed, lambda: time.monotonic() - began < MAX_LOAD_SECONDS)
        self._drain()
        self._fast_forward.close()
        self._leases = self._fast_forward.leases
        self._seconds["replay"] = time.monotonic() - began

    def _interrupt(self, function: str, sender: SegmentSender, total: int) -> None:
        """Interrupt a function's processes, spread over the load, and go on for a time after it."""
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
            due = number / len(planned) * total * INTERRUPTED
            while sender.settled < due and not self._load_done.wait(0.02):
                pass
            if self._load_done.is_set():
                end = end or time.monotonic() + AFTER_LOAD_SECONDS
                if time.monotonic() > end:
                    break
            self._interruptions.carry_out(interruption, AIM_SECONDS)
            if number % max(len(planned) // 5, 1) == 0:
                kills_so_far = sum(self._interruptions.kills.values())
                self._say(f"{sender.settled} of {total} requests answered, {kills_so_far} kills")

    def _take_code(self) -> None:
        """Give the referral code to a customer who is no part of the load."""
        body = json.dumps({"source_id": OWNER, "referral_code": TAKEN_CODE, "metadata": {}})
        headers = urllib3.make_headers(basic_auth=f"{API_KEY}:{API_SECRET}")
        urllib3.request("POST", f"{self._rehook.api_url}/customers", body=body, headers=headers)

    def _drain(self) -> None:
        queue = self._sandbox.queue(QUEUE)
        end = time.monotonic() + self._settings.drain
        while time.monotonic() < end:
            if not queue.messages() and not self._busy():
                return
            with contextlib.suppress(BotoCoreError, ClientError):
                self._fast_forward.step()
            time.sleep(0.5)

    def _busy(self) -> bool:
        return any(
            self._sandbox.processes(name, busy_only=True) for name in interruptions.FUNCTIONS
        )


def _shared(sizes: Mapping[str, list[int]]) -> dict[str, int]:
    """Give figures of the requests that several deliveries shared."""
    figures = {}
    for step, each in sizes.items():
        figures[f"{step}: requests"] = len(each)
        figures[f"{step}: deliveries"] = sum(each)
        figures[f"{step}: most deliveries in one"] = max(each, default=0)
    return figures


def _runs(pid: int) -> bool:
    """Whether the process with this id is one of the stack's; the id may have been reused."""
    try:
        return b"awslambdaric" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
