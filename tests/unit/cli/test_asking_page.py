"""Tests that docs/asking-why.md says what the commands do."""

from __future__ import annotations

import re
from pathlib import Path

from segment_rehook_cli.log.follower import POLL_SECONDS
from segment_rehook_cli.log.insights_query import MAX_LINES
from segment_rehook_cli.log.stack_logs import DOLLARS_PER_GB
from segment_rehook_cli.log.tail import DEFAULT_SECONDS
from segment_rehook_cli.stack.keeping import LEDGER_DAYS, LOG_DAYS, SEGMENT_RETRY_SECONDS, Keeping
from segment_rehook_cli.why.conclusion import conclude
from segment_rehook_cli.why.delivery_facts import DeliveryFacts
from segment_rehook_cli.why.history import Standing
from segment_rehook_cli.why.question import about_message_id
from segment_rehook_cli.why.sentence import sentence
from tests.unit.cli.log_lines import line

PAGE = (Path(__file__).parents[3] / "docs" / "asking-why.md").read_text(encoding="utf-8")
SAID = " ".join(PAGE.split())
AT = 1_795_788_202.0  # 2026-11-27 14:03:22 UTC


def test_each_standing_is_explained() -> None:
    """The table has each word that `why --json` can give, and no other."""
    table = PAGE.partition("| where it stands")[2].partition("\n\n")[0]
    words = [each for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for each in row]
    assert re.findall(r"`(\w+)`", "".join(words)) == list(map(str, Standing))


def test_the_figures_are_those_of_the_code() -> None:
    """Prices, limits and times are not only typed."""
    assert f"${DOLLARS_PER_GB} for each GB" in SAID
    assert f"(`LogRetentionDays`, {LOG_DAYS})" in SAID
    assert f"for {LEDGER_DAYS} days" in SAID
    assert f"More than {MAX_LINES:,} lines" in SAID
    assert POLL_SECONDS == 2
    assert "asks every two seconds" in SAID
    assert DEFAULT_SECONDS == 60
    assert "a minute back at the start" in SAID
    assert SEGMENT_RETRY_SECONDS == 4 * 3_600
    assert "again for four hours" in SAID


def test_the_sentences_are_those_of_the_code() -> None:
    """The page's examples are what the command says, up to where the page cuts them."""

    def said(*lines: object) -> str:
        facts = DeliveryFacts(delivery="d", subscription="s", lines=lines)  # type: ignore[arg-type]  # of one kind
        found = conclude(facts, AT + 1, Keeping())
        return sentence(
            about_message_id("5f1c0e9a"),
            [found] if found else [],
            since=AT - 30 * 86_400,
            keeping=Keeping(),
            ledger_asked=True,
        )

    waits = line("stored", AT, reason="unreachable", next_try_seconds=9)
    for each, end in (
        (said(line("delivered", AT, rehook_request_id="de945a7c")), "; the ledger"),
        (said(waits), "at 2026-11-27 14:03:31"),
        (said(), "(the log is kept"),
    ):
        assert each.partition(end)[0] in SAID
