"""``python -m tools.demo``: sends the sample events through the built bridge.

The exit code is 0 if every step had the expected result, else 1.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tools.demo.screen import Screen
from tools.events.wrap import payloads
from tools.sandbox import Sandbox
from tools.sandbox.build import build
from tools.sandbox.starting import NotStarted, failures_explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.sandbox.segment import Reply

TIMEOUT_SECONDS = 60.0


class Demo:
    """The steps, over one sandbox and the sample events."""

    def __init__(self, box: Sandbox, screen: Screen) -> None:
        self._box = box
        self._screen = screen
        self._samples = payloads()
        self._dead_letters = box.queue("DeadLetterQueue")
        self._parking_lot = box.queue("ParkingLot")

    def run(self) -> None:
        """Run all steps in order."""
        self.single_events()
        self.batch()
        self.outage()
        self.recovery()
        self.duplicate()
        self.rejected()

    def single_events(self) -> None:
        """Send each event in a request of its own."""
        screen = self._screen
        screen.step("Segment sends events one by one, each signed with the shared secret")
        names = (
            "identify-customer",
            "track-order-completed",
            "track-signup-by-referral",
            "identify-anonymous",
            "page-viewed",
        )
        sent = [self._samples[name] for name in names]
        outcomes = self._send_singly(sent)
        screen.check(
            "three are delivered, one without a userId is dropped, and a page event is ignored",
            holds=outcomes == ["delivered"] * 3 + ["dropped", "ignored"],
        )
        screen.check(
            "Rehook has the customer's traits, and numbers are numbers",
            holds=self._box.rehook.customers()["KMN@2531"]["metadata"]["orders"] == 7,  # noqa: PLR2004 — the sample's
        )

    def batch(self) -> None:
        """Send several events in one request."""
        screen = self._screen
        screen.step("Segment sends a batch: the signature covers its first event")
        sent = self._samples["batch"]
        since = len(self._box.rehook.calls())
        reply = self._box.segment.send_batch(sent)
        calls = self._box.rehook.calls(since)
        screen.events(sent, reply.body["events"], calls)
        screen.check("all three are delivered", holds=reply.body["delivered"] == len(sent))
        of_one_user = [call.path for call in calls if call.source_id == "lena@5"]
        screen.check(
            "the two events of one user are delivered in their order",
            holds=of_one_user == ["/customers", "/events/invoke"],
        )

    def outage(self) -> None:
        """Send events while Rehook refuses connections."""
        screen = self._screen
        screen.step("Rehook is switched off; Segment keeps sending")
        self._box.rehook.switch(on=False)
        outcomes = self._send_singly(self._later_events())
        screen.check(
            "Segment gets a 200, and every event is stored", holds=set(outcomes) == {"stored"}
        )
        waiting = self._dead_letters.messages()
        screen.letters("The dead-letter queue", [message.attributes for message in waiting])
        screen.check(
            "the events wait in the dead-letter queue", holds=len(waiting) == len(outcomes)
        )

    def recovery(self) -> None:
        """Switch Rehook on and wait for the redrive function."""
        screen = self._screen
        screen.step("Rehook is switched on again; the redrive function delivers the waiting events")
        screen.say("(The back-off between two attempts is shortened here.)")
        before = self._box.rehook.rewards()
        since = len(self._box.rehook.calls())
        self._box.rehook.switch(on=True)
        started = time.monotonic()
        self._wait_for_empty_queue()
        events = self._later_events()
        calls = [call for call in self._box.rehook.calls(since) if call.acted]
        answers = [self._redriven(event["messageId"]) for event in events]
        screen.events(events, answers, calls)
        screen.check(
            f"the queue is empty after {time.monotonic() - started:.0f} s",
            holds=not self._dead_letters.messages(),
        )
        screen.check(
            "the log says that each event was delivered",
            holds=all(answer["outcome"] == "delivered" for answer in answers),
        )
        wanted = {(event["userId"], event["event"]) for event in events}
        given = self._box.rehook.rewards()
        screen.check(
            "each event is rewarded once",
            holds=all(given.get(key, 0) == before.get(key, 0) + 1 for key in wanted),
        )
        of_asha = [call.event_name for call in calls if call.source_id == "asha@77"]
        screen.check(
            "the two events of one user are delivered in their order",
            holds=of_asha == ["Audience Entered", "order_success"],
        )

    def duplicate(self) -> None:
        """Send an event that was delivered before."""
        screen = self._screen
        screen.step("Segment sends an event a second time, as it does in retries and replays")
        before = self._box.rehook.rewards()
        outcomes = self._send_singly([self._samples["track-order-completed"]])
        after = self._box.rehook.rewards()
        rows = [(f"{user}, {event}", str(count)) for (user, event), count in after.items()]
        screen.pairs("Rewards that Rehook has given", ("customer and event", "rewards"), rows)
        screen.check("the event is recognised as a duplicate", holds=outcomes == ["duplicate"])
        screen.check("no reward is given twice", holds=after == before)

    def rejected(self) -> None:
        """Send an event that Rehook rejects permanently."""
        screen = self._screen
        screen.step("Rehook rejects an event: its referral code belongs to another customer")
        outcomes = self._send_singly([self._samples["identify-taken-referral-code"]])
        screen.check(
            "the event is parked, and is not retried automatically", holds=outcomes == ["parked"]
        )
        parked = self._parking_lot.messages()
        screen.letters("The parking lot", [message.attributes for message in parked])
        screen.check(
            "the parking lot contains the event with its reason",
            holds=[message.attributes["reason"] for message in parked] == ["rejected"],
        )

    def _send_singly(self, sent: Sequence[dict[str, Any]]) -> list[str]:
        since = len(self._box.rehook.calls())
        replies = [self._box.segment.send(event) for event in sent]
        answers = [self._answer(reply) for reply in replies]
        self._screen.events(sent, answers, self._box.rehook.calls(since))
        return [answer["outcome"] for answer in answers]

    def _answer(self, reply: Reply) -> dict[str, Any]:
        if reply.status != 200:  # noqa: PLR2004 — the one status of success
            return {"outcome": f"{reply.status} {reply.text}", "deliveries": []}
        [event] = reply.body["events"]
        return dict(event)

    def _redriven(self, message_id: str) -> dict[str, Any]:
        """Return the last outcome of an event in the redrive function's log."""
        said = [
            entry["outcome"]
            for entry in self._box.log.entries("RedriveFunction")
            if str(entry.get("delivery", "")).startswith(f"{message_id}:") and "outcome" in entry
        ]
        return {"outcome": said[-1] if said else "nothing was logged", "deliveries": []}

    def _later_events(self) -> list[dict[str, Any]]:
        """The events that are sent while Rehook is off."""
        order = self._samples["track-order-completed"]
        return [
            self._samples["track-audience-entered"],
            {**order, "messageId": "ajs-next-sample-20", "userId": "asha@77"},
            {**order, "messageId": "ajs-next-sample-21", "userId": "noor@8"},
        ]

    def _wait_for_empty_queue(self) -> None:
        end = time.monotonic() + TIMEOUT_SECONDS
        while self._dead_letters.messages() and time.monotonic() < end:
            self._dead_letters.hasten()
            time.sleep(0.5)


def main() -> int:
    """Run the demo and return the exit code."""
    screen = Screen()
    started = time.monotonic()
    with ExitStack() as ending:
        try:
            with failures_explained():
                build()
                box = ending.enter_context(Sandbox())
        except NotStarted as error:
            print(error, file=sys.stderr)
            return 1
        screen.say(f"The bridge runs at {box.webhook}, built from this checkout.")
        Demo(box, screen).run()
    seconds = f"{time.monotonic() - started:.0f} s"
    screen.step(f"Done in {seconds}")
    if screen.failures:
        screen.check(f"{len(screen.failures)} checks failed", holds=False)
        return 1
    screen.check("every step had the expected result", holds=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
