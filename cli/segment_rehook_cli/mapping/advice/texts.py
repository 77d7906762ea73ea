"""Advice on the values of a mapping at any depth: texts, paths and templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.paths import steps_of, without_root
from segment_rehook.mapping.schema_check import Misshape, meant, place_of
from segment_rehook.mapping.validation import is_directive
from segment_rehook_cli.mapping.advice.events import MEMBERS, OBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.segment.jsontext import JSON

__all__ = ["check_path", "check_value"]

_CLOSE: Final = 0.75
_PATH: Final = re.compile(r"\$\.[^\W\d][^\s{}]*|(?:properties|traits|context)(?:\.\w+|\[\d+\])+")
_BRACES: Final = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_ASSIGNED: Final = re.compile(r"\{%-?\s*(?:assign|capture|increment|decrement)\s+['\"]?([\w-]+)")
_IDS: Final = frozenset({"userId", "anonymousId"})
_RESOLVED: Final = {
    "@case": ("value",),
    "@flatten": ("value",),
    "@if": ("exists", "blank", "then", "else"),
    "@json": ("value",),
    "@merge": ("objects",),
    "@replace": ("value",),
}
"""The options of each directive that are mappings themselves."""


def check_value(value: JSON, place: str, *, rooted: bool = True) -> Iterator[Misshape]:
    """Advise on a mapping. `rooted`: its paths start at the event."""
    if isinstance(value, str):
        yield from _at(place, _check_text(value, place))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from check_value(item, f"{place}.{index}", rooted=rooted)
    elif isinstance(value, dict) and is_directive(value):
        name = next(key for key in value if key.startswith("@"))
        yield from _check_directive(name, value[name], f"{place}.{name}", rooted=rooted)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from check_value(member, place_of(place, [key]), rooted=rooted)


def check_path(path: str, *, rooted: bool = True) -> Iterator[str]:
    """Advise on a path. `rooted`: it starts at the event."""
    steps = steps_of(without_root(path))
    head = steps[0] if steps else ""
    if "{{" in path:
        inner = _BRACES.sub(r"\1", path).removeprefix("$.")
        yield f'a path has no {{{{ }}}}; did you mean "$.{inner}", or @template?'
    elif "[*]" in path or "[]" in path or "[?" in path:
        yield "a path can't select all items of a list; use @arrayPath"
    elif head == "$" or path.startswith("$["):
        yield 'never has a value: a path begins with "$."; "$." alone is the whole event'
    elif rooted and head:
        yield from _check_head(steps)


def _check_head(steps: tuple[str, ...], root: str = "$.") -> Iterator[str]:
    head, *rest = steps
    if head not in MEMBERS:
        close = meant(head.lstrip("$"), MEMBERS, closeness=_CLOSE)
        if close is not None:
            path = ".".join((close, *rest) if close in OBJECTS else (close,))
            yield f"events have no {head}; did you mean {root}{path}?"
    elif head == "event" and rest and rest[0] in MEMBERS:
        path = ".".join(rest)
        yield f"event is the event's name, which has no members; did you mean {root}{path}?"


def _check_directive(name: str, option: JSON, place: str, *, rooted: bool) -> Iterator[Misshape]:
    if isinstance(option, str):
        if name in _TEXT_CHECKS:  # other directives take a text as it is
            yield from _at(place, _TEXT_CHECKS[name](option, rooted=rooted))
    else:
        for part, where, follows in _parts(name, option, place):
            if isinstance(part, str) and name == "@arrayPath":
                yield from _at(where, check_path(part, rooted=rooted))
            else:
                yield from check_value(part, where, rooted=rooted and follows)


def _parts(name: str, option: JSON, place: str) -> Iterator[tuple[JSON, str, bool]]:
    """Return each part that a directive resolves, its place, and whether it reads the event."""
    if name == "@arrayPath" and isinstance(option, list):
        for index, part in enumerate(option[:2]):
            yield part, f"{place}.{index}", index == 0
    elif name == "@transform" and isinstance(option, dict):
        yield option.get("apply"), f"{place}.apply", True
        yield option.get("mapping"), f"{place}.mapping", False
    elif name in _RESOLVED and isinstance(option, dict):
        for key in _RESOLVED[name]:
            yield option.get(key), f"{place}.{key}", True
    elif name != "@literal":
        yield option, place, True


def _check_text(value: str, place: str) -> Iterator[str]:
    if "{%" in value or re.search(r"\{\{[^{}]*\|", value):
        yield f'is a text and is sent as it is; did you mean {{"@liquid": {_shown(value)}}}?'
    elif _BRACES.search(value):
        meaning = value.replace("$.", "")
        yield f'is a text and is sent as it is; did you mean {{"@template": {_shown(meaning)}}}?'
    elif _PATH.fullmatch(value) or (value in _IDS and place.endswith(".source_id")):
        path = f"$.{value.removeprefix('$.')}"
        yield f'is a text and is sent as it is; did you mean {{"@path": {_shown(path)}}}?'


def _check_template(template: str, *, rooted: bool) -> Iterator[str]:
    if "{%" in template or re.search(r"\{\{[^{}]*\|", template):
        yield "@template has only paths; tags and filters are for @liquid"
        return
    if template.startswith("$.") and _PATH.fullmatch(template):
        yield f"has no {{{{ }}}}, so this text is sent as it is; did you mean @path {template}?"
    for path in _BRACES.findall(template):
        if path.startswith("$"):
            yield f"{{{{{path}}}}} is empty: write a template's paths without $."
        elif rooted and (steps := steps_of(path)):
            yield from _check_head(steps, "")


def _check_liquid(template: str, *, rooted: bool) -> Iterator[str]:
    # Imported only where a mapping uses it: the import is slow.
    from segment_rehook.mapping.liquid.template import (  # noqa: PLC0415 — see above
        compile_liquid,
        filter_uses,
        known_filters,
    )

    if template.startswith("$.") and _PATH.fullmatch(template):
        yield f"has no {{{{ }}}}, so this text is sent as it is; did you mean @path {template}?"
    for use in filter_uses(template):
        if use.function is None:
            close = meant(use.name, known_filters())
            hint = f"; did you mean {close}?" if close else ""
            yield f"there is no filter {use.name}, so it does not change the value{hint}"
    reads = compile_liquid(template).reads or frozenset()
    if rooted:
        for head in sorted(reads - {*_ASSIGNED.findall(template)}):
            yield from _check_head((head,), "")


_TEXT_CHECKS: Final = {"@liquid": _check_liquid, "@path": check_path, "@template": _check_template}


def _shown(text: str) -> str:
    return f'"{text}"'


def _at(place: str, said: Iterator[str]) -> Iterator[Misshape]:
    return (Misshape(place, message) for message in dict.fromkeys(said))
