"""A comparison of two destinations as Markdown, for a pull request's comment.

Names and values come from files and events that anybody may have written. A name is put into a
<code> element, with entities for all characters that could mean something; a value is JSON in
ASCII on a line of its own within a fence, which only a line without JSON could end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from segment_rehook.segment.jsontext import encode
from segment_rehook_cli.diff.as_json import example_as_json
from segment_rehook_cli.diff.table import EFFECT_WORDS, field_counts
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.output import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segment_rehook_cli.diff.as_json import Source
    from segment_rehook_cli.diff.differences import Differences

__all__ = ["MAX_CHARACTERS", "as_markdown"]

MAX_CHARACTERS: Final = 30_000
"""A comment on GitHub has 65,536 at most, and may hold more than one comparison."""

MAX_NAME_CHARACTERS: Final = 100
MAX_EXAMPLE_CHARACTERS: Final = 1_500
# Not even an underscore or a full stop is left: `_a_` is emphasis, and `www.` begins a link.
_MEANINGFUL: Final = re.compile(r"[^\w →/-]|_")


def as_markdown(found: Differences, base: Source, candidate: Source, *, values: bool) -> str:
    """Write the counts, what differs, and the examples, in at most MAX_CHARACTERS.

    Rows and examples that do not fit are left out, and the text says so.
    """
    change = "changes" if found.changed == 1 else "change"
    verdict = (
        f"**{found.changed:,} of {counted(found.events, 'event')} {change}.**"
        if found.changed
        else f"No event of {found.events:,} changes."
    )
    unreadable = (
        f" {counted(found.unreadable, 'is no event', 'are no events')}." if found.unreadable else ""
    )
    written = [
        f"{verdict}{unreadable} {_source(base)} is compared with {_source(candidate)}.",
        "",
        *_table(
            ("subscription", *EFFECT_WORDS.values()),
            ((_code(each.id), *map(str, each.events.values())) for each in found.subscriptions),
        ),
    ]
    if not found.changed:
        return _joined(written)
    fields = field_counts(found, values=values)
    written += _table(
        ("subscription", "what differs", "events"),
        ((_code(subscription), _code(name), str(count)) for subscription, name, count in fields),
    )
    examples = [_example(encode(example_as_json(each, values=values))) for each in found.examples]
    return _joined(written, examples)


def _joined(written: list[str], examples: Iterable[str] = ()) -> str:
    room = MAX_CHARACTERS - 500  # for what is written around the examples, and about the rest
    kept: list[str] = []
    for line in written:
        if len(line) >= room:
            return "\n".join([*kept, "", "The rest is left out: run `segment-rehook diff`.", ""])
        kept.append(line)
        room -= len(line) + 1
    shown: list[str] = []
    left_out = 0
    for line in examples:
        if len(line) < room:
            shown.append(line)
            room -= len(line) + 1
        else:
            left_out += 1
    if shown:
        kept += [
            "<details><summary>Examples</summary>",
            "",
            "```json",
            *shown,
            "```",
            "",
            "</details>",
        ]
    if left_out:
        examples_are = counted(left_out, "example is", "examples are")
        kept.append(f"\n{examples_are} left out: run `segment-rehook diff`.")
    return "\n".join([*kept, ""])


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    headings = list(headings)
    lines = [f"| {' | '.join(cells)} |" for cells in (headings, ["---"] * len(headings), *rows)]
    return [*lines, ""]


def _source(source: Source) -> str:
    return f"{_code(source.name)} (version {_code(source.version)})"


def _code(name: str) -> str:
    """Write a name so that Markdown, HTML and GitHub's mentions find nothing in it."""
    if len(name) > MAX_NAME_CHARACTERS:
        name = f"{name[: MAX_NAME_CHARACTERS - 1]}…"
    escaped = _MEANINGFUL.sub(lambda found: f"&#{ord(found[0])};", printable(name))
    return f"<code>{escaped}</code>"


def _example(text: bytes) -> str:
    line = text.decode()
    most = MAX_EXAMPLE_CHARACTERS
    return line if len(line) <= most else f"{line[: most - 1]}…"
