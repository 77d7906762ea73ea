"""Tests of the presets and of the pages about them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from segment_rehook.rehook.destination import load
from segment_rehook.rehook.plan import Call
from segment_rehook.segment.event import Event

ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "presets").glob("*.json"))
PAGES = sorted(page for page in (ROOT / "docs" / "presets").glob("*.md") if page.stem != "README")
EXAMPLE = re.compile(r"```json event\n(.*?)```\n+```json calls\n(.*?)```", re.DOTALL)
NOW = 1_790_000_000.0


def test_every_preset_has_a_page_and_every_page_a_preset() -> None:
    """Each preset has a page, and the overview names each preset."""
    assert [page.stem for page in PAGES] == [preset.stem for preset in PRESETS]
    overview = (ROOT / "docs" / "presets" / "README.md").read_text()
    assert sorted(re.findall(r"\((.+?)\.md\)", overview)) == [page.stem for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_s_examples_become_the_calls_it_shows(page: Path) -> None:
    """Each event on a preset's page gives exactly the calls that the page shows."""
    destination = load((ROOT / "presets" / f"{page.stem}.json").read_bytes())
    examples = EXAMPLE.findall(page.read_text())
    assert examples, "a page without an example teaches nothing"
    assert len(examples) == page.read_text().count("```json event")
    for event, calls in examples:
        made = []
        for entry in destination.plan(Event.parse(event.encode()), NOW):
            assert isinstance(entry, Call), entry
            made.append({"path": entry.request.path, "body": json.loads(entry.request.body)})
        assert made == json.loads(calls)


def test_the_hint_of_a_drop_names_a_preset_that_is_there() -> None:
    """The preset that the detail of a missing userId names exists and maps such an event."""
    event = Event.parse(b'{"type": "track", "event": "e", "properties": {"userId": "u1"}}')
    (drop,) = load(None).plan(event, NOW)
    found = re.search(r"presets/[\w-]+\.json", getattr(drop, "detail", ""))
    assert found
    (call,) = load((ROOT / found[0]).read_bytes()).plan(event, NOW)
    assert isinstance(call, Call)
    assert call.user == "u1"


@pytest.mark.parametrize(
    ("sent", "amount"),
    [({"total": 5, "revenue": 4}, 5), ({"revenue": 4}, 4), ({"total_amount": 3}, 3), ({}, None)],
)
def test_an_order_s_amount_is_found(sent: dict[str, int], amount: int | None) -> None:
    """The preset ecommerce takes total, else revenue, else total_amount as the amount."""
    destination = load((ROOT / "presets" / "ecommerce.json").read_bytes())
    raw = {
        "type": "track",
        "userId": "u",
        "event": "Order Completed",
        "properties": {"order_id": 17, **sent},
    }
    (call,) = destination.plan(Event.parse(json.dumps(raw).encode()), NOW)
    assert isinstance(call, Call)
    assert call.key == "17"
    assert json.loads(call.request.body)["metadata"].get("total_amount") == amount
