"""LiquidJS's tags, each compiled to a function that renders it. Segment disables some of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.conditionals import compile_if, compile_unless
from segment_rehook.mapping.liquid.values import checked_size, plain, printed
from segment_rehook.mapping.text import WHITESPACE, from_units
from segment_rehook.mapping.values import UNDEFINED, is_number, to_double, to_text, truthy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.mapping.liquid.context import Context
    from segment_rehook.mapping.liquid.expressions import Evaluate
    from segment_rehook.mapping.liquid.parser import Render, Tag, TagCompiler

DISABLED = ("case", "for", "include", "layout", "render", "tablerow")
"""Tags that Segment's engine refuses (actions-core, mapping-kit/liquid-directive)."""

_UNMARKED_LINE = re.compile(f"\n[{WHITESPACE}]*[^#{WHITESPACE}]")


class EndOfTemplate(Exception):
    """Ends the rendering; what is rendered so far is the result."""


def text(tag: Tag) -> Render:
    """Compile the text between outputs and tags."""
    return _writing(tag.text)


def output(tag: Tag) -> Render:
    """Compile `{{ … }}`."""
    evaluate = tag.value()
    return lambda context, output: output.append(printed(evaluate(context)))


def unknown(tag: Tag) -> Render:
    """Refuse a tag that does not exist, or that ends no block."""
    raise MappingError(f'tag "{tag.name}" not found')


def _disabled(tag: Tag) -> Render:
    raise MappingError(f'tag "{tag.name}" is disabled')


def _writing(text: str) -> Render:
    return lambda _, output: output.append(text)


def _assign(tag: Tag) -> Render:
    name = from_units(tag.word())
    tag.check(name, "expected variable name")
    tag.skip_blank()
    tag.check(tag.peek() == "=", 'expected "="')
    tag.at += 1
    evaluate = tag.value()

    def render(context: Context, _: list[str]) -> None:
        context.assigned[name] = evaluate(context)

    return render


def _capture(tag: Tag) -> Render:
    name = tag.word() or tag.quoted()
    if name is None:
        raise tag.error("invalid capture name")
    variable = from_units(name)
    block, _ = tag.block("endcapture")

    def render(context: Context, _: list[str]) -> None:
        captured: list[str] = []
        try:
            block.render(context, captured)
        finally:
            # A `break` ends the template; what was rendered before it is captured.
            context.assigned[variable] = checked_size(from_units("".join(captured)))

    return render


def _echo(tag: Tag) -> Render:
    return _writing("") if tag.done() else output(tag)


def _comment(tag: Tag) -> Render:
    tag.skip_to("endcomment")
    return _writing("")


def _raw(tag: Tag) -> Render:
    return _writing(tag.skip_to("endraw"))


def _inline_comment(tag: Tag) -> Render:
    if _UNMARKED_LINE.search(tag.text):
        raise MappingError("every line of an inline comment must start with a '#' character")
    return _writing("")


def _stop(tag: Tag) -> Render:
    tag.ends_template()

    def render(_: Context, __: list[str]) -> None:
        # Outside a loop, `break` and `continue` end the template. Segment disables all loops.
        raise EndOfTemplate

    return render


def _counter(step: int, *, before: bool) -> TagCompiler:
    def compile_counter(tag: Tag) -> Render:
        name = from_units(tag.word())
        tag.variables.add(name)

        def render(context: Context, output: list[str]) -> None:
            payload = context.payload
            # Counters are members of the payload. CompiledMapping gives such templates a copy.
            counters = payload if isinstance(payload, dict) else context.counters
            value = counters.get(name)
            number = to_double(value) if is_number(value) else 0
            counters[name] = number + step
            output.append(printed(counters[name] if before else number))

        return render

    return compile_counter


def _cycle(tag: Tag) -> Render:
    begin = tag.at
    group = tag.operand()
    tag.skip_blank()
    if group is not None and tag.peek() == ":":
        tag.at += 1
    else:
        group, tag.at = None, begin
    candidates: list[Evaluate] = []
    texts: list[str] = []
    while not tag.done():
        begin = tag.at
        candidates.append(tag.value(conditional=True))
        texts.append(tag.source[begin : tag.at])
        tag.go_past(",")
    tag.check(candidates, f'empty candidates: "{tag.whole}"')
    listed = ",".join(texts)

    def render(context: Context, output: list[str]) -> None:
        name = to_text(UNDEFINED if group is None else group(context))
        key = f"{name}:{listed}"
        index = context.cycles.get(key, 0)
        context.cycles[key] = (index + 1) % len(candidates)
        value = plain(candidates[index](context))
        if truthy(value):
            output.append(printed(value))

    return render


def _block(tag: Tag) -> Render:
    inner, _ = tag.block("endblock")

    def render(context: Context, output: list[str]) -> None:
        context.blocks += 1
        inner.render(context, output)
        context.blocks -= 1

    return render


def _lines(tag: Tag) -> Render:
    return tag.lines().render


TAGS: Mapping[str, TagCompiler] = {
    "#": _inline_comment,
    "assign": _assign,
    "block": _block,
    "break": _stop,
    "capture": _capture,
    "comment": _comment,
    "continue": _stop,
    "cycle": _cycle,
    "decrement": _counter(-1, before=True),
    "echo": _echo,
    "if": compile_if,
    "increment": _counter(1, before=False),
    "liquid": _lines,
    "raw": _raw,
    "unless": compile_unless,
    **dict.fromkeys(DISABLED, _disabled),
}
