"""Debian's Chromium, by Playwright, on a sandbox with its console.

A machine without a browser skips these tests: `apt-get install chromium`, as root, provides one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.end_to_end.conftest import forget_failures
from tests.integration.console.running import Running, Visitor, running_console, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FOLDER = Path(__file__).parent
MISSING = "no chromium was found: install it (Debian: apt-get install chromium)"
SECONDS = 1000.0
"""Playwright's times are in milliseconds."""

expect.set_options(timeout=20 * SECONDS)

# Chromium's sandbox does not start as root, nor in most containers; the pages are our own.
ARGUMENTS = ["--no-sandbox"] if os.geteuid() == 0 or "CI" in os.environ else []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once."""
    if CHROMIUM is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def started(browser: Browser) -> Iterator[Running]:  # noqa: ARG001 — without it, nothing is started
    """Start a sandbox and its console once."""
    with running_console() as running:
        yield running


@pytest.fixture
def running(started: Running) -> Iterator[Running]:
    """Give both; nothing is broken, and nothing waits, after a test."""
    yield started
    visitor = Visitor(started.console.url)
    visitor.sign_in(token_of(started.console))
    visitor.order("all-well")
    for name in started.box.stack.queues:
        started.box.queue(name).empty()
    forget_failures(started.box)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's profile of its own, in a zone that is not UTC."""
    made = browser.new_context(timezone_id="Asia/Kolkata", locale="en-GB")
    made.set_default_timeout(20 * SECONDS)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, running: Running) -> Iterator[Page]:
    """A tab that is signed in. No script of the page fails, and its policy refuses nothing."""
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
    )
    made.goto(running.console.address)
    made.get_by_role("heading", name="Events", level=1).wait_for()
    yield made
    assert wrong == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    file = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    if not file.exists():
        pytest.skip("axe-core is not installed: `make node` installs it, with Node 20 and npm")
    return file.read_text(encoding="utf-8")
