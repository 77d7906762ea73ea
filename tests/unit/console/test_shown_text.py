"""Texts of events on a page: all of them are text, and what can't be seen is written out."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tools.console.shown_text import MAX_SHOWN, environment, pretty, shown, visible

ANY = st.text(st.characters(exclude_categories=[]))


@given(ANY)
def test_what_is_shown_can_be_sent_and_seen(text: str) -> None:
    """No surrogate and no format or control character is left, but for lines and tabs."""
    seen = visible(text)
    seen.encode()
    assert not [
        each
        for each in seen
        if (each not in "\n\t" and unicodedata.category(each) in {"Cc", "Cs"})
        or unicodedata.bidirectional(each)
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    ]


@given(ANY)
def test_json_stays_the_same_json(text: str) -> None:
    """In a text of JSON the escapes are JSON's, so that an editor's text keeps its meaning."""
    written = json.dumps({"text": text}, ensure_ascii=False)
    assert json.loads(visible(written)) == {"text": text}


@given(st.binary())
def test_any_body_is_shown(body: bytes) -> None:
    """Whatever came is text."""
    visible(shown(body)).encode()
    visible(pretty(body)).encode()


def test_a_long_body_is_cut() -> None:
    """The rest is counted."""
    assert shown(b"x" * (MAX_SHOWN + 1)).endswith("… 1 more characters")


@given(ANY)
def test_a_template_writes_text(text: str) -> None:
    """Markup in a value is text in the page, within an attribute too."""
    made = environment("tools.console", {}).from_string('<i title="{{ text }}">{{ text }}</i>')
    page = made.render(text=text)
    assert page.count("<") == 2
    assert page.count('"') == 2
