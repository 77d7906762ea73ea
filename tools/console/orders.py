"""What the pages order: each by its name, with a body that is checked."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from werkzeug.exceptions import NotFound

from segment_rehook.delivery.pacing.breaker import LOOK_EVERY
from segment_rehook.rehook.destination import DestinationInvalid, load
from segment_rehook_cli.diff.comparison import compare
from segment_rehook_cli.mapping.advice import review
from segment_rehook_cli.mapping.preview import Preview
from tools.console.breaker_pause import end_pause
from tools.console.sending import Mistake, Sender, SendOrder, mistake_in, read_given
from tools.console.text_places import place_in
from tools.sandbox.destination import DestinationRefused
from tools.sandbox.function import FunctionBroken
from tools.sandbox.services import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook_cli.diff.differences import Differences
    from segment_rehook_cli.mapping.advice import Review
    from tools.console.pages import Pages
    from tools.console.subject import ConsoleSubject
    from tools.console.switches import Switches

__all__ = ["Orders"]

MAX_PREVIEWED: Final = 20
MAX_COMPARED: Final = 5000
COMMAND_SECONDS: Final = 120
TRY_SECONDS: Final = 3.0


class _Text(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class _Turn(msgspec.Struct, forbid_unknown_fields=True):
    switch: str
    on: bool


class _Kill(msgspec.Struct, forbid_unknown_fields=True):
    function: str


class _Redrive(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""
    subscription: str = ""
    user: str = ""


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Orders:
    """The orders that the pages of one console can give."""

    def __init__(self, subject: ConsoleSubject, switches: Switches, pages: Pages) -> None:
        self._subject = subject
        self._switches = switches
        self._pages = pages
        self._sender = Sender(subject)
        self._known: dict[str, tuple[type[msgspec.Struct], Callable[[Any], dict[str, Any]]]] = {
            "preview": (_Text, self._preview),
            "send": (SendOrder, self._sender.send),
            "turn": (_Turn, self._turn),
            "kill": (_Kill, self._kill),
            "all-well": (_Nothing, self._all_well),
            "try-now": (_Nothing, self._try_now),
            "redrive": (_Redrive, self._redrive),
            "check": (_Text, self._check),
            "apply": (_Text, self._apply),
        }

    def carry_out(self, name: str, body: bytes) -> dict[str, Any]:
        """Carry an order out and give its result. Raises Mistake, and NotFound for other names."""
        if name not in self._known:
            raise NotFound("There is no such order.")
        kind, act = self._known[name]
        try:
            order = msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Mistake(f"the order: {error}") from None
        return act(order)

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def _preview(self, order: _Text) -> dict[str, Any]:
        events = read_given(order.text)
        preview = Preview(self._subject.destination(), time.time())
        lines = [preview.line(each, explained=True) for each in events[:MAX_PREVIEWED]]
        more = len(events) - len(lines)
        return {"html": self._pages.fragment("preview", lines=lines, more=more)}

    def _turn(self, order: _Turn) -> dict[str, Any]:
        try:
            self._switches.turn(order.switch, on=order.on)
        except KeyError:
            raise Mistake("there is no such switch") from None
        return {}

    def _kill(self, order: _Kill) -> dict[str, Any]:
        try:
            return {"said": f"killed processes: {self._switches.kill(order.function)}"}
        except KeyError:
            raise Mistake("there is no such function") from None

    def _all_well(self, _: _Nothing) -> dict[str, Any]:
        self._switches.all_well()
        return {"said": "all well again"}

    def _try_now(self, _: _Nothing) -> dict[str, Any]:
        if end_pause(self._subject):
            time.sleep(LOOK_EVERY)  # until then a function may not have seen it
        queue = self._subject.box.queue("DeadLetterQueue")
        until = time.monotonic() + TRY_SECONDS
        # A message that is being tried at this moment can be shown when that try has ended.
        while not (number := queue.hasten()) and queue.messages() and time.monotonic() < until:
            time.sleep(0.1)
        return {"said": f"messages that are tried now: {number}"}

    def _redrive(self, order: _Redrive) -> dict[str, Any]:
        """Run the command itself, so that the page does what an operator does."""
        options = [
            f"--{name}={value}"
            for name in ("reason", "subscription", "user")
            if (value := getattr(order, name))
        ]
        command = [sys.executable, "-m", "segment_rehook_cli", "failures", "redrive"]
        done = subprocess.run(
            [*command, "--yes", "--sandbox", *options],
            cwd=CHECKOUT,
            env={"SANDBOX_CONTROL": self._subject.box.control_url, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            errors="backslashreplace",
            check=False,
            timeout=COMMAND_SECONDS,
        )
        self._subject.recording.touch()
        return {"said": (done.stdout + done.stderr).strip()}

    def _check(self, order: _Text) -> dict[str, Any]:
        text = order.text.encode("utf-8", "replace")
        if (mistake := mistake_in(order.text)) is not None:
            raise mistake
        found = review(text)
        html = self._pages.fragment(
            "check",
            found=found,
            place_in=partial(place_in, order.text),
            **self._differences(text, found),
        )
        return {"html": html, "valid": not found.mistakes}

    def _differences(self, text: bytes, found: Review) -> dict[str, Differences | None]:
        """Compare over the events seen so far, and over those in the queues."""
        if found.mistakes:
            return {"differences": None, "failures": None}
        base, candidate = self._subject.destination(), load(text)
        seen = self._subject.recording.events(MAX_COMPARED)
        failed = self._pages.failed_events()[:MAX_COMPARED]
        return {
            "differences": compare(base, candidate, seen, max_examples=3),
            "failures": compare(base, candidate, failed, max_examples=3),
        }

    def _apply(self, order: _Text) -> dict[str, Any]:
        text = order.text.encode("utf-8", "replace")
        try:
            load(text)
            _, ids = self._subject.reload(text)
        except (DestinationInvalid, DestinationRefused, FunctionBroken) as error:
            raise Mistake(f"nothing has changed: {error}") from None
        self._subject.recording.touch()
        return {"said": f"the sandbox runs on it; subscriptions: {', '.join(ids) or 'none'}"}
