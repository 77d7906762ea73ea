"""The page on replays says what the commands do: figures, standings, options."""

from __future__ import annotations

from pathlib import Path

from segment_rehook_cli.archive.replay_options import DEFAULT_RATE
from segment_rehook_cli.archive.sending import MAX_PAUSE_SECONDS, MAX_ROUND_EVENTS, PAUSES
from segment_rehook_cli.archive.standing import EventStanding

PAGE = (Path(__file__).parents[3] / "docs" / "replay.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())


def test_the_pace_is_the_commands_own() -> None:
    """The rate, what it comes to in an hour, and the size of a request."""
    assert f"{DEFAULT_RATE:g} events a second ({DEFAULT_RATE * 3600:,.0f} an hour)" in WORDS
    assert f"Up to {MAX_ROUND_EVENTS} events of different users are one request" in WORDS
    assert f"in batches of up to {MAX_ROUND_EVENTS} events" in WORDS


def test_the_pauses_are_the_commands_own() -> None:
    """All pauses are named, and the longest one that the webhook can ask for."""
    *first, last = (f"{each:g}" for each in PAUSES)
    assert f"after {', '.join(first)} and {last} seconds" in WORDS
    assert (MAX_PAUSE_SECONDS, "at most a minute" in WORDS) == (60, True)


def test_each_standing_is_explained() -> None:
    """Each standing has its row; `gone` is found by reconcile only."""
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| ")]
    named = {name.strip() for row in rows for name in row.split(",")}
    assert {each.value for each in EventStanding} - named == {EventStanding.GONE}
    assert f"`{EventStanding.GONE}`" in PAGE
