"""Events to begin with: those of ``events/``, and those on the pages of the presets."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tools.sandbox.services import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Sample", "samples"]

_EVENT: Final = re.compile(r"^```json event\n(.*?)^```", re.DOTALL | re.MULTILINE)


class Sample(NamedTuple):
    """A sample. ``group``: where it is from. ``text``: an event, or an array of them, as JSON."""

    group: str
    name: str
    text: str


def samples() -> list[Sample]:
    """Read all samples of the checkout."""
    return [*_events(), *_presets()]


def _events() -> Iterator[Sample]:
    for file in sorted((CHECKOUT / "events").glob("*.json")):
        yield Sample("events/", file.stem, file.read_text(encoding="utf-8").strip())


def _presets() -> Iterator[Sample]:
    for file in sorted((CHECKOUT / "presets").glob("*.json")):
        page = CHECKOUT / "docs" / "presets" / f"{file.stem}.md"
        texts = _EVENT.findall(page.read_text(encoding="utf-8")) if page.exists() else []
        for number, text in enumerate(texts, start=1):
            event = json.loads(text)
            name = event.get("event") or event.get("type") or f"event {number}"
            yield Sample(f"presets/{file.name}", name, json.dumps(event, indent=2))
