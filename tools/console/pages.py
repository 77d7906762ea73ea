"""Makes the pages from what is known: each page's values, and its template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup
from werkzeug.exceptions import NotFound

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook_cli.failures.entry import letter_of
from segment_rehook_cli.failures.message import QueueName
from tools.console import queue_contents
from tools.console.event_detail import detail_of
from tools.console.guard import CHANGE_HEADER
from tools.console.rows import RowFilter
from tools.console.samples import samples
from tools.console.shown_text import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.console.rows import EventRow
    from tools.console.subject import ConsoleSubject
    from tools.console.switches import Switches

__all__ = ["Pages"]

PAGE_ROWS: Final = 100
MAX_HELD: Final = 200
OUTCOMES: Final = (
    *("delivered", "duplicate", "stored", "parked", "dropped", "ignored", "failed", "refused"),
)
TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")
NAVIGATION: Final = (
    *(("/", "Events"), ("/send", "Send"), ("/break", "Break"), ("/queues", "Queues")),
    *(("/mapping", "Mapping"), ("/tour", "Tour")),
)


class Pages:
    """The pages over one sandbox."""

    def __init__(self, subject: ConsoleSubject, switches: Switches) -> None:
        self._subject = subject
        self._switches = switches
        shared = {"navigation": NAVIGATION, "change_header": CHANGE_HEADER}
        self._templates = environment("tools.console", shared)

    def sign_in(self) -> str:
        """Make the page that exchanges the token of its address for the cookie."""
        return self._templates.get_template("sign_in.html").render()

    def page(self, name: str, query: Mapping[str, str], **values: Any) -> str:
        """Make a page. Raises NotFound."""
        since = self._subject.recording.sequence  # before the values: nothing is missed between
        found: dict[str, Any] = getattr(self, f"_{name}")(query, **values)
        strip = Markup(self.strip())  # noqa: S704 — made by a template that escapes
        return self._templates.get_template(f"{name}.html").render(
            since=since, strip=strip, **found
        )

    def rows(self, rows: Sequence[EventRow]) -> str:
        """Make rows of the table of events."""
        return self.fragment("rows", rows=rows)

    def strip(self) -> str:
        """Make the strip that says what is broken now."""
        return self.fragment("strip", broken=self._switches.switched_on())

    def fragment(self, name: str, **values: Any) -> str:
        """Make a part of a page."""
        return self._templates.get_template(f"_{name}.html").render(**values)

    def _events(self, query: Mapping[str, str]) -> dict[str, Any]:
        wanted = RowFilter.read(query)
        before = int(text) if (text := query.get("before", "")).isdecimal() else None
        rows = self._subject.recording.rows(wanted, before=before, most=PAGE_ROWS)
        return {
            "wanted": wanted,
            "before": before,
            "rows": rows,
            "most": PAGE_ROWS,
            "outcomes": OUTCOMES,
            "types": TYPES,
        }

    def _event(self, _: Mapping[str, str], *, number: int) -> dict[str, Any]:
        row = self._subject.recording.row(number)
        if row is None:
            raise NotFound("There is no such event, or it is kept no longer.")
        return {"detail": detail_of(self._subject, row)}

    def _send(self, _: Mapping[str, str]) -> dict[str, Any]:
        groups: dict[str, list[Any]] = {}
        for each in samples():
            groups.setdefault(each.group, []).append(each)
        return {"groups": groups}

    def _break(self, _: Mapping[str, str]) -> dict[str, Any]:
        groups: dict[str, list[Any]] = {}
        for each in self._switches.states():
            groups.setdefault(each.switch.group, []).append(each)
        return {"groups": groups, "functions": list(self._subject.box.functions)}

    def _queues(self, _: Mapping[str, str]) -> dict[str, Any]:
        held = {each: queue_contents.held_messages(self._subject, each) for each in QUEUES}
        return {
            "queues": [
                (
                    QUEUES[each],
                    queue_contents.counts(found),
                    found[:MAX_HELD],
                    len(found),
                    each is QueueName.WAITING,
                )
                for each, found in held.items()
            ],
            "rewards": queue_contents.reward_counts(self._subject),
        }

    def _mapping(self, _: Mapping[str, str]) -> dict[str, Any]:
        deployed = self._subject.deployed()
        return {"text": _lines(deployed.content), "version": deployed.version}

    def _tour(self, query: Mapping[str, str]) -> dict[str, Any]:
        user = query.get("user", "")
        wanted = RowFilter(user=user)
        rewards = [
            each for each in queue_contents.reward_counts(self._subject) if each.user == user
        ]
        return {
            "user": user,
            "rows": self._subject.recording.rows(wanted, most=10),
            "rewards": rewards,
            "orders": {number: _tour_event(user, number) for number in (1, 2)},
        }

    def failed_events(self) -> list[Event]:
        """Give the events of all messages in the queues that can be read."""
        found = []
        for queue in QUEUES:
            for each in queue_contents.held_messages(self._subject, queue):
                if (letter := letter_of(each.failed)) is not None:
                    try:
                        found.append(Event.parse(letter.event))
                    except UnreadableEvent:
                        continue
        return found


QUEUES: Final = {
    QueueName.WAITING: "Waiting (the dead-letter queue)",
    QueueName.PARKED: "Parked (the parking lot)",
}


def _lines(content: bytes) -> str:
    return content.decode(errors="replace").replace("\r\n", "\n")


def _tour_event(user: str, number: int) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"{user}-order-{number}",
        "userId": user,
        "properties": {"order_id": f"{user}-{number}", "total": 20 + number},
    }
