"""The texts that one writes in the console, in Chromium: events to send, and the mapping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_mistakes_are_shown_while_one_writes(page: Page) -> None:
    """A sample is previewed field by field; a mistake has its place; the same is sent again."""
    page.get_by_role("link", name="Send", exact=True).click()
    page.get_by_label("Begin with a sample").select_option(label="track-order-completed")
    made = page.get_by_role("region", name="What the mapping makes of it")
    expect(made.get_by_role("rowheader", name="event_name")).to_be_visible()
    text = page.get_by_label("Events as JSON")
    whole = text.input_value()
    text.fill('{"type": "track",\n "event" "x"}')
    expect(page.get_by_text("Line 2, column 10")).to_be_visible()
    page.get_by_role("button", name="Go there").click()
    assert text.evaluate("each => each.selectionStart") == 27
    text.fill(whole)
    expect(page.get_by_text("Line 2")).to_be_hidden()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("1 request, answered 200 × 1")).to_be_visible()
    page.get_by_role("button", name="Send the same again").click()
    expect(page.get_by_text('"duplicate": 1')).to_be_visible()


def test_a_mistake_in_the_mapping_has_its_place(page: Page) -> None:
    """Each mistake and each advice leads to its place in the text, which is scrolled to it."""
    page.get_by_role("link", name="Mapping").click()
    text = page.get_by_label("destination.json")
    mapping = json.loads(text.input_value())
    mapping["setings"] = {"emoji": "\N{GRINNING FACE}"}
    mapping["subscriptions"][1]["settings"]["event_nam"] = 1
    text.fill(json.dumps(mapping, indent=2, ensure_ascii=False))
    for kind, place in (("mistakes", '"setings"'), ("advice", '"event_nam"')):
        found = page.get_by_role("listitem").filter(has_text=place.strip('"'))
        expect(found, kind).to_have_count(1)
        text.evaluate("each => { each.scrollTop = 0; }")
        found.get_by_role("button", name="Go there").click()
        expect(text).to_be_focused()
        selected = "each => each.value.slice(each.selectionStart)"
        assert text.evaluate(selected).startswith(place)
        assert text.evaluate("each => each.scrollTop") > 0
    expect(text).to_have_attribute("aria-invalid", "true")


def test_a_candidate_is_kept_downloaded_applied_and_taken_back(page: Page) -> None:
    """What is written survives a look at another page; the page tells which version runs."""
    page.get_by_role("link", name="Mapping").click()
    text = page.get_by_label("destination.json")
    deployed = text.input_value()
    version = page.get_by_text("The sandbox runs on version").locator("code").text_content() or ""
    candidate = deployed.replace('"Track Event"', '"Track Orders"')
    text.fill(candidate)
    page.get_by_role("link", name="Send", exact=True).click()
    page.get_by_role("link", name="Mapping").click()
    expect(text).to_have_value(candidate)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this text").click()
    assert download.value.path().read_text(encoding="utf-8") == candidate
    page.get_by_role("button", name="Apply").click()
    runs = page.get_by_text("The sandbox runs on version")
    expect(runs).not_to_contain_text(version)
    text.fill(deployed)
    page.get_by_role("button", name="Apply").click()
    expect(runs).to_contain_text(version)
    text.fill("{")
    page.get_by_role("button", name="Back to what runs").click()
    expect(text).to_have_value(deployed)
