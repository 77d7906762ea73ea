"""Texts of events as they are shown: what can't be seen is written as an escape.

Jinja writes markup as text. This module writes what would change the text around it (right-to-left
marks, control characters), hide something (zero-width characters) or be no text at all (half of a
surrogate pair, which no page can hold).
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup
from msgspec import UnsetType

from segment_rehook.segment.jsontext import JSON, JsonError, decode_slowly
from segment_rehook_cli.mapping.made import NotSent, Sent

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_SHOWN", "environment", "json_text", "pretty", "shown", "value_text", "visible"]

MAX_SHOWN: Final = 100_000
"""The most characters of one text on a page."""

MAX_VALUE: Final = 2_000
"""The most characters of one value in a table."""

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Write what can't be seen in a text as JSON's escapes. Lines and tabs stay."""
    return _UNSEEN.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[each : each + 2].hex()}" for each in range(0, len(units), 2))


def shown(body: bytes) -> str:
    """Give a body as it came, up to MAX_SHOWN characters; what is no UTF-8 is escaped."""
    return _shortened(body.decode("utf-8", "backslashreplace"), MAX_SHOWN)


def json_text(value: JSON) -> str:
    """Write a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False)


def value_text(value: JSON) -> str:
    """Write a value for a cell of a table, up to MAX_VALUE characters."""
    return _shortened(json_text(value), MAX_VALUE)


def pretty(body: bytes | str) -> str:
    """Indent a text if it is JSON; else give it as it is. It is cut after MAX_SHOWN characters."""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    try:
        text = json.dumps(decode_slowly(raw), indent=2, ensure_ascii=False)
    except (JsonError, RecursionError):
        text = raw.decode("utf-8", "backslashreplace")
    return _shortened(text, MAX_SHOWN)


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[:most]}\n… {len(text) - most:,} more characters"


def environment(package: str, shared: Mapping[str, Any]) -> jinja2.Environment:
    """Make the environment of a package's templates. ``shared``: names for all templates."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "json": json_text,
        "value": value_text,
        "pretty": pretty,
        "shown": shown,
        "iso": _iso,
    }
    made.filters |= {"given": _given, "made": _made}
    made.globals.update(shared)
    return made


def _finalized(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(str(value))
    return value


def _given(value: JSON | UnsetType) -> str:
    return "no such field" if isinstance(value, UnsetType) else value_text(value)


def _made(made: Sent | NotSent) -> str:
    if isinstance(made, NotSent):
        return f"{made.reason}: {made.detail}" if made.detail else made.reason
    return f"{made.request.method} {made.request.path} {visible(pretty(made.request.body))}"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
