"""The console as a person uses it, in Chromium: by roles and labels, and by the keyboard alone."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from tests.browser.conftest import SECONDS
from tests.template.stack import ROOT
from tools.console.recording import Recording
from tools.console.rows import RowFilter
from tools.console.server import ConsoleServer
from tools.sandbox.logs import LogLine

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

    from tests.integration.console.running import Running

MANY = 10_000
PAGES = ("Send", "Break", "Queues", "Mapping", "Tour", "Events")
PICTURES = os.environ.get("CONSOLE_PICTURES")
"""A folder for the pictures of the documentation; the tests' own if it is not set."""

HOSTILE = "<img src=x onerror=\"document.title='taken'\">\u202egnp.exe \ud83d"


def outcomes(running: Running, first: int, last: int) -> None:
    """Let the sandbox log outcomes that no function made: many, and at once."""
    for number in range(first, last):
        entry = {
            "message": "outcome",
            "service": "ingest",
            "outcome": "delivered",
            "message_id": f"many-{number}",
            "delivery": f"many-{number}:track-event",
            "subscription": "track-event",
        }
        running.recording.line(LogLine(time.time(), "IngestFunction", 1, json.dumps(entry)))


def send(running: Running, user: str, name: str = "order") -> None:
    """Send one event of a user."""
    number = running.recording.sequence
    event = {"type": "track", "event": name, "messageId": f"b-{user}-{number}", "userId": user}
    text = json.dumps(event).encode()  # half of a surrogate pair needs an escape
    assert running.box.segment.send_signed(text).status == 200


def rows(page: Page) -> int:
    """How many rows the table of events has."""
    return page.locator("tbody tr").count()


def test_the_tour_from_end_to_end(page: Page) -> None:
    """A newcomer follows the tour: stored, delivered, duplicate, and two rewards at the end."""
    page.get_by_role("link", name="Tour").click()
    state = page.get_by_role("region", name="Events of the tour")
    page.get_by_role("button", name="1. Send an order").click()
    expect(state.get_by_role("row").nth(1)).to_contain_text("delivered")
    page.get_by_role("button", name="2. Switch Rehook off").click()
    expect(page.get_by_text("Broken on purpose:")).to_be_visible()
    page.get_by_role("button", name="3. Send a second order").click()
    expect(state.get_by_role("row").nth(1)).to_contain_text("stored")
    page.get_by_role("button", name="4. All well again").click()
    expect(page.get_by_text("Broken on purpose:")).to_be_hidden()
    page.get_by_role("button", name="5. Try it now").click()
    expect(state.get_by_role("row").nth(1)).to_contain_text("delivered")
    page.get_by_role("button", name="6. Send the first order again").click()
    expect(state.get_by_role("row").nth(1)).to_contain_text("duplicate")
    expect(page.get_by_role("heading", name=re.compile(r"Rewards of .*: 2$"))).to_be_visible()


def test_no_press_comes_before_the_script(page: Page, running: Running) -> None:
    """A button can be pressed when its script is there, and not before: no press is lost."""
    held: list[Route] = []
    page.route("**/console.js", lambda script: held.append(script))  # noqa: PLW0108 — it is marked
    page.goto(f"{running.console.url}/tour", wait_until="commit")
    button = page.get_by_role("button", name="1. Send an order")
    expect(button).to_be_visible()
    with pytest.raises(PlaywrightTimeout):
        button.click(timeout=0.5 * SECONDS)
    [script] = held
    script.continue_()
    button.click()
    state = page.get_by_role("region", name="Events of the tour")
    expect(state.get_by_role("row").nth(1)).to_contain_text("delivered")


def test_rows_come_as_they_are_and_do_not_move_what_one_reads(page: Page, running: Running) -> None:
    """New events come on top; with the focus in the table, or paused, they wait for a button."""
    send(running, "comes")
    first = page.get_by_role("row").nth(1)
    expect(first).to_contain_text("comes")
    first.get_by_role("link").focus()
    send(running, "waits-for-me")
    show = page.get_by_role("button", name="Show new events (1)")
    expect(show).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text("comes")
    show.click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("waits-for-me")
    page.get_by_role("button", name="Pause").click()
    send(running, "later")
    expect(show).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("later")
    time_of = page.get_by_role("row").nth(1).locator("time")
    assert time_of.get_attribute("title", timeout=1000) is not None
    assert (time_of.text_content() or "")[:5] not in (time_of.get_attribute("title") or "")


def test_a_filter_is_in_the_address_of_a_second_tab(
    page: Page, context: BrowserContext, running: Running
) -> None:
    """A filtered address can be opened in another tab, which gets its own events live."""
    send(running, "one")
    page.get_by_label("User").fill("two")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("No event yet that passes the filter")).to_be_visible()
    second = context.new_page()
    second.goto(page.url)
    expect(second.get_by_label("User")).to_have_value("two")
    send(running, "one")
    send(running, "two")
    for tab in (second, page):
        tab.bring_to_front()
        expect(tab.get_by_role("row").nth(1)).to_contain_text("two")
        assert rows(tab) == 1


def test_ten_thousand_events_do_not_slow_the_page(page: Page, running: Running) -> None:
    """The table stays small, the page answers at once, and older events can be reached."""
    before = running.recording.sequence
    outcomes(running, 0, MANY)
    [newest] = running.recording.rows(RowFilter(), most=1)
    expect(page.locator(f'tr[data-number="{newest.number}"]')).to_be_visible()
    assert running.recording.sequence == before + MANY
    assert rows(page) <= 200
    began = time.monotonic()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
    assert time.monotonic() - began < 3
    page.get_by_role("link", name="Older events").click()
    expect(page.get_by_role("link", name="To the newest")).to_be_visible()
    assert rows(page) == 100


def test_an_open_event_follows_what_happens(page: Page, running: Running) -> None:
    """The page of an event that waits tells its delivery without being loaded again."""
    running.box.rehook.switch(on=False)
    send(running, "followed")
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text("followed")
    row.get_by_role("link").click()
    expect(page.get_by_text("waits since")).to_be_visible()
    page.evaluate("window.same = true")
    running.box.rehook.switch(on=True)

    def is_told() -> bool:
        running.box.queue("DeadLetterQueue").hasten()
        return page.get_by_text("was delivered to Rehook").is_visible()

    running.box.wait_until(is_told, timeout=60, every=0.3)
    assert page.evaluate("window.same")


def test_hostile_contents_are_text(page: Page, running: Running) -> None:
    """Markup, right-to-left marks and half of a surrogate pair are shown, live and on the page."""
    send(running, "hostile", HOSTILE)
    cell = page.get_by_role("row").nth(1)
    expect(cell).to_contain_text("<img src=x onerror=")
    expect(cell).to_contain_text("\\u202egnp.exe")
    cell.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    expect(page.get_by_role("heading", level=1)).to_contain_text("\\ud83d")
    assert "taken" not in page.title()
    assert page.locator("main img").count() == 0


def test_the_keyboard_alone_breaks_and_mends(page: Page) -> None:
    """Tab and the space bar are enough; the focus stays where it was; the state is told."""
    page.get_by_role("link", name="Break").focus()
    page.keyboard.press("Enter")
    switch = page.get_by_role("switch", name="answers 500", exact=True)
    expect(switch).to_have_attribute("aria-checked", "false")
    for _ in range(40):
        page.keyboard.press("Tab")
        if switch.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(switch).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Rehook answers 500")).to_be_visible()
    page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "false")


def test_a_sandbox_that_dies_and_comes_back(browser: Browser, running: Running) -> None:
    """The page says that nothing answers; when another one is there, that it has a new token."""
    first = ConsoleServer(running.box, Recording())
    context = browser.new_context()
    page = context.new_page()
    with first, page.expect_response(re.compile("/stream")):
        page.goto(first.address)
    expect(page.get_by_text("The sandbox does not answer")).to_be_visible()
    port = int(first.url.rpartition(":")[2])
    with ConsoleServer(running.box, Recording(), port=port) as second:
        expect(page.get_by_text("open the address that it has printed")).to_be_visible(
            timeout=20_000
        )
        page.goto(second.address)
        expect(page).to_have_url(f"{second.url}/")
        expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    context.close()


def test_a_wrong_token_is_told(context: BrowserContext, running: Running) -> None:
    """A stale address shows a sentence; the right token can be pasted."""
    page = context.new_page()
    page.goto(f"{running.console.url}/#stale")
    expect(page.get_by_text("This is not this console's token.")).to_be_visible()
    page.get_by_label("Or paste the token").fill(running.console.address)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(
    page: Page, running: Running, axe: str, scheme: str
) -> None:
    """axe-core finds nothing in either scheme, also at 360 pixels, where nothing is cut off."""
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    send(running, "anna")
    running.box.rehook.switch(on=False)
    send(running, "ben")
    running.box.rehook.switch(on=True)
    page.get_by_role("row").nth(1).get_by_role("link").click()
    found = [_violations(page, axe)]
    page.set_viewport_size({"width": 360, "height": 740})
    for name in PAGES:
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        found.append(_violations(page, axe))
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"{name} is {wide} pixels wide"
    page.get_by_role("link", name="Send", exact=True).click()
    page.get_by_label("Begin with a sample").select_option(label="batch")
    expect(page.get_by_role("heading", name="Event 3")).to_be_visible()
    page.get_by_label("Events as JSON").fill("[7]")
    expect(page.get_by_text("element 1 is no event")).to_be_visible()
    found.append(_violations(page, axe))
    page.get_by_role("link", name="Mapping").click()
    page.get_by_label("destination.json").fill('{"setings": {}}')
    expect(page.get_by_role("heading", name="Mistakes")).to_be_visible()
    found.append(_violations(page, axe))
    assert found == [[]] * len(found)


def test_the_pictures_of_the_documentation(page: Page, running: Running, tmp_path: Path) -> None:
    """The pictures are of the running console: docs/console.md says how they are made anew."""
    for name in ("identify-customer", "page-viewed", "track-order-completed"):
        event = (ROOT / "events" / f"{name}.json").read_bytes().strip()
        assert running.box.segment.send_signed(event).status == 200
    send(running, "asha@77", "Product Added")
    running.box.segment.send_raw(b'{"type": "track", "event": "Signed Up", "userId": "eve"}', {})
    running.box.rehook.switch(on=False)
    send(running, "lena@5", "Order Completed")
    page.get_by_role("link", name="Break").click()
    page.get_by_role("switch", name="is down").click()
    page.get_by_role("link", name="Events").click()
    expect(page.get_by_text("Broken on purpose: Rehook is down")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text("stored")
    page.set_viewport_size({"width": 1160, "height": 600})
    folder = ROOT / PICTURES if PICTURES else tmp_path
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        file = folder / f"console-{scheme}.png"
        page.screenshot(path=file)
        assert file.stat().st_size > 10_000


def _violations(page: Page, axe: str) -> list[str]:
    page.locator("main:not([inert])").wait_for()
    page.evaluate(axe)
    found = page.evaluate("axe.run().then(each => each.violations)")
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
