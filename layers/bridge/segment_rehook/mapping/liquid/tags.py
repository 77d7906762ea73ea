"""LiquidJS's tags, but for those that Segment disables, as callables that write.

A tag's function is given its construct (parser's stream, scanner of its arguments) and gives a
function that renders. Blocks are read by python-liquid's parser.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from liquid.exceptions import StopRender

from segment_rehook.mapping.liquid.scanner import Fault
from segment_rehook.mapping.liquid.scope import BLOCKS, environment
from segment_rehook.mapping.liquid.values import falsy, limited, plain, printed
from segment_rehook.mapping.stringify import quote
from segment_rehook.mapping.text import WHITESPACE, from_units
from segment_rehook.mapping.values import UNDEFINED, Value, is_number, to_double, to_text, truthy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from liquid import BlockNode, RenderContext

    from segment_rehook.mapping.liquid.dialect import Construct
    from segment_rehook.mapping.liquid.expressions import Evaluate

Render: TypeAlias = "Callable[[RenderContext, TextIO], object]"
Holds: TypeAlias = "Callable[[RenderContext], bool]"
CompileTag: TypeAlias = "Callable[[Construct], Render]"

DISABLED = ("case", "for", "include", "layout", "render", "tablerow")
"""Tags that Segment's engine refuses (actions-core, mapping-kit/liquid-directive)."""

_UNMARKED_LINE = re.compile(f"\n[{WHITESPACE}]*[^#{WHITESPACE}]")


def writing(evaluate: Evaluate) -> Render:
    """Render a value."""
    return lambda context, buffer: buffer.write(printed(evaluate(context)))


def output(construct: Construct) -> Render:
    """Compile `{{ … }}`."""
    return writing(construct.value())


def content(construct: Construct) -> Render:
    """Compile the text between outputs and tags."""
    text = construct.text
    return lambda _, buffer: buffer.write(text)


def unknown(construct: Construct) -> Render:
    """Refuse a tag that is none, or stands where it is none."""
    raise Fault(f'tag "{construct.name}" not found')


def disabled(construct: Construct) -> Render:
    """Refuse a tag that Segment disables."""
    raise Fault(f'tag "{construct.name}" is disabled')


def _assign(construct: Construct) -> Render:
    scanner = construct.scanner
    name = from_units(scanner.identifier())
    scanner.check(name, "expected variable name")
    scanner.skip_blank()
    scanner.check(scanner.peek() == "=", 'expected "="')
    scanner.at += 1
    evaluate = construct.value()

    def render(context: RenderContext, _: TextIO) -> None:
        context.locals[name] = evaluate(context)

    return render


def _capture(construct: Construct) -> Render:
    scanner = construct.scanner
    name = scanner.identifier() or construct.quoted()
    if name is None:
        raise scanner.error("invalid capture name")
    variable = from_units(name)
    block, _ = construct.block("endcapture")

    def render(context: RenderContext, _: TextIO) -> None:
        buffer = StringIO(newline="")
        try:
            block.render(context, buffer)
        finally:
            # What was written before a `break` is captured all the same.
            context.locals[variable] = limited(from_units(buffer.getvalue()))

    return render


def _echo(construct: Construct) -> Render:
    if construct.scanner.done():
        return _nothing
    return writing(construct.value())


def _nothing(_: RenderContext, __: TextIO) -> None:
    """Render nothing."""


def _comment(construct: Construct) -> Render:
    construct.skip_to("endcomment")
    return _nothing


def _raw(construct: Construct) -> Render:
    text = construct.skip_to("endraw")
    return lambda _, buffer: buffer.write(text)


def _inline_comment(construct: Construct) -> Render:
    if _UNMARKED_LINE.search(construct.text):
        raise Fault("every line of an inline comment must start with a '#' character")
    return _nothing


def _stop(construct: Construct) -> Render:
    construct.ends_template()

    def render(_: RenderContext, __: TextIO) -> None:
        # Outside a loop, and there are none, `break` and `continue` end the template.
        raise StopRender

    return render


def _counter(step: int, *, before: bool) -> CompileTag:
    def compile_counter(construct: Construct) -> Render:
        name = from_units(construct.scanner.identifier())
        construct.names.add(name)

        def render(context: RenderContext, buffer: TextIO) -> None:
            payload = environment(context)
            # Counters are members of the payload: CompiledMapping gives such templates a copy.
            counters: dict[str, Any] = payload if isinstance(payload, dict) else context.counters
            value: Value = counters.get(name)
            number = to_double(value) if is_number(value) else 0
            counters[name] = number + step
            buffer.write(printed(counters[name] if before else number))

        return render

    return compile_counter


def _cycle(construct: Construct) -> Render:
    scanner = construct.scanner
    begin = scanner.at
    group = construct.operand()
    scanner.skip_blank()
    if group is not None and scanner.peek() == ":":
        scanner.at += 1
    else:
        group, scanner.at = None, begin
    candidates: list[Evaluate] = []
    texts: list[str] = []
    while not scanner.done():
        begin = scanner.at
        candidates.append(construct.value(sometimes=True))
        texts.append(scanner.source[begin : scanner.at])
        scanner.go_past(",")
    scanner.check(candidates, f'empty candidates: "{construct.whole}"')
    listed = ",".join(texts)

    def render(context: RenderContext, buffer: TextIO) -> None:
        name = to_text(UNDEFINED if group is None else group(context))
        index = context.cycle(f"cycle:{name}:{listed}", len(candidates))
        value = plain(candidates[index](context))
        if truthy(value):
            buffer.write(printed(value))

    return render


def _no_arguments(construct: Construct) -> None:
    if construct.text:
        raise Fault(f"unexpected {quote(from_units(construct.text))}")


def _if(construct: Construct) -> Render:
    branches: list[tuple[Evaluate, BlockNode]] = []
    otherwise: BlockNode | None = None
    condition: Evaluate | None = construct.value()
    while True:
        block, ended = construct.block("elsif", "else", "endif", sometimes=True)
        if condition is None:
            otherwise = block
        else:
            branches.append((condition, block))
        if ended.name == "elsif":
            if condition is None:
                raise Fault("unexpected elsif after else")
            condition = ended.value(sometimes=True)
            continue
        _no_arguments(ended)
        if ended.name == "endif":
            break
        if condition is None:
            raise Fault("duplicated else")
        condition = None
    return _choice([(_met(evaluate), block) for evaluate, block in branches], otherwise)


def _unless(construct: Construct) -> Render:
    met = _met(construct.value())
    branches: list[tuple[Holds, BlockNode]] = []
    otherwise: BlockNode | None = None
    condition: Holds | None = lambda context: not met(context)  # noqa: E731 — one of several
    seen_else = False
    while True:
        block, ended = construct.block("elsif", "else", "endunless", sometimes=True)
        if condition is not None:
            branches.append((condition, block))
        elif seen_else and otherwise is None:
            otherwise = block
        if ended.name == "endunless":
            return _choice(branches, otherwise)
        condition = None
        if ended.name == "else":
            seen_else = True
        elif not seen_else:
            condition = _met(ended.value(sometimes=True))


def _met(evaluate: Evaluate) -> Holds:
    return lambda context: not falsy(evaluate(context))


def _choice(branches: Iterable[tuple[Holds, BlockNode]], otherwise: BlockNode | None) -> Render:
    def render(context: RenderContext, buffer: TextIO) -> None:
        for holds, block in branches:
            if holds(context):
                block.render(context, buffer)
                return
        if otherwise is not None:
            otherwise.render(context, buffer)

    return render


def _block(construct: Construct) -> Render:
    inner, _ = construct.block("endblock")

    def render(context: RenderContext, buffer: TextIO) -> None:
        depth = context.tag_namespace.get(BLOCKS, 0)
        context.tag_namespace[BLOCKS] = depth + 1
        inner.render(context, buffer)
        context.tag_namespace[BLOCKS] = depth

    return render


def _lines(construct: Construct) -> Render:
    nodes = construct.lines()

    def render(context: RenderContext, buffer: TextIO) -> None:
        for node in nodes:
            node.render(context, buffer)

    return render


TAGS: Mapping[str, CompileTag] = {
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
    "if": _if,
    "increment": _counter(1, before=False),
    "liquid": _lines,
    "raw": _raw,
    "unless": _unless,
    **dict.fromkeys(DISABLED, disabled),
}
