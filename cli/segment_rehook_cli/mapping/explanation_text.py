"""An explanation of a mapping in words, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segment_rehook.segment.jsontext import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.segment.jsontext import JSON
    from segment_rehook_cli.mapping.explain import Explanation, FieldOrigin

__all__ = ["Remark", "remarks"]


class Remark(NamedTuple):
    """What is said about a subscription as a whole, or about one field of its call.

    `about` is `matched`, `not matched`, `dropped`, `note` or a field's name. The text may have
    several lines; values in it are JSON in ASCII, so they can't control a terminal.
    """

    about: str
    text: str


def remarks(explanation: Explanation) -> Iterator[Remark]:
    """Put an explanation into words: the trigger first, then what came of it, then each field."""
    yield Remark("matched" if explanation["matched"] else "not matched", explanation["why"])
    if "dropped" in explanation:
        yield Remark("dropped", f"{explanation['dropped']}: {explanation.get('detail', '')}")
    for name, origin in explanation.get("fields", {}).items():
        yield Remark(name, "\n".join(_origin(origin)))
    for note in explanation.get("notes", ()):
        yield Remark("note", note)


def _origin(origin: FieldOrigin) -> Iterator[str]:
    if "mapping" in origin:
        yield f"mapping {_json(origin['mapping'])}"
    if "gave" in origin:
        yield f"gave {_json(origin['gave'])}"
    if "sent" in origin:
        yield f"sent {_json(origin['sent'])}"
    if "threw" in origin:
        yield f"threw {origin['threw']}"


def _json(value: JSON) -> str:
    return encode(value).decode()
