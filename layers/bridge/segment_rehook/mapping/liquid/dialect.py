"""LiquidJS's dialect as a python-liquid environment, and `@liquid` itself."""

from __future__ import annotations

import re
import time
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, ClassVar, TextIO

from liquid import BlockNode, BoundTemplate, Environment, Node, RenderContext, Tag
from liquid.exceptions import LiquidError
from liquid.parser import Parser as BlockParser
from liquid.stream import TokenStream
from liquid.token import (
    TOKEN_CONTENT,
    TOKEN_EOF,
    TOKEN_EXPRESSION,
    TOKEN_ILLEGAL,
    TOKEN_OUTPUT,
    Token,
)

from segment_rehook.mapping.errors import STACK_EXHAUSTED, MappingError
from segment_rehook.mapping.liquid.expressions import Names, Parser
from segment_rehook.mapping.liquid.filtered import filtered_value
from segment_rehook.mapping.liquid.filters import filters
from segment_rehook.mapping.liquid.lexer import TAG_END, TAG_START, tokenize, tokenize_lines
from segment_rehook.mapping.liquid.quoted import unquoted
from segment_rehook.mapping.liquid.scanner import BLANK, Fault, Refused, Scanner, refusal
from segment_rehook.mapping.liquid.scope import ENVIRONMENT
from segment_rehook.mapping.liquid.tags import TAGS, CompileTag, Render, content, output, unknown
from segment_rehook.mapping.liquid.uses import Uses
from segment_rehook.mapping.part import Part, constant, throwing
from segment_rehook.mapping.text import from_units, length, to_units

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from segment_rehook.mapping.liquid.expressions import Evaluate
    from segment_rehook.mapping.liquid.filtered import Filter
    from segment_rehook.mapping.liquid.uses import Use
    from segment_rehook.mapping.values import Value

_LINE_END = re.compile(f"-?[{''.join(BLANK - {chr(10)})}]*\\n(?![{''.join(BLANK)}]*-?%}})")

LONGEST = 1_000
"""UTF-16 units that a template may have (actions-core, mapping-kit/liquid-directive)."""


def compile_liquid(template: Value, clock: Callable[[], float] = time.time) -> Part:
    """Compile a template. What is wrong with it is thrown when it runs, as the engine does.

    `clock` is what the filter `date` takes for `now`.
    """
    if not isinstance(template, str):
        return throwing("liquid template value must be a string")
    if not template:
        return constant("")
    if length(template) > LONGEST:
        return throwing(f"liquid template values are limited to {LONGEST} characters")
    dialect = Dialect(clock)
    try:
        bound = dialect.bind(to_units(template))
    except Refused as refused:
        return throwing(refused.text)
    except RecursionError:
        return throwing(STACK_EXHAUSTED)
    found = dialect.names.found
    return Part(partial(_render, bound), None if found is None else frozenset(found))


def known_filters() -> Collection[str]:
    """Give the names of all filters, the disabled ones too."""
    return Dialect(time.time).filters


def filter_uses(template: str) -> tuple[Use, ...]:
    """Give the filters of a template in their order; none where it can't be compiled."""
    dialect = Dialect(time.time)
    try:
        dialect.bind(to_units(template))
    except (Refused, RecursionError):
        return ()
    return tuple(dialect.uses.found)


def _render(template: BoundTemplate, payload: Value) -> str:
    context = RenderContext(template)
    context.tag_namespace[ENVIRONMENT] = payload
    buffer = StringIO()
    try:
        template.render_with_context(context, buffer)
    except LiquidError as error:
        raise MappingError(error.text if isinstance(error, Refused) else str(error)) from None
    return from_units(buffer.getvalue())


class Dialect(Environment):
    """The tags and filters of one template, which also notes the template's variables."""

    block_nesting_limit: ClassVar[int] = LONGEST
    suppress_blank_control_flow_blocks = False

    def __init__(self, clock: Callable[[], float]) -> None:
        self.names = Names()
        self.uses = Uses()
        self._clock = clock
        super().__init__()

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register LiquidJS's own, and nothing of Shopify's."""
        del extra
        special = {TOKEN_OUTPUT: output, TOKEN_CONTENT: content, TOKEN_ILLEGAL: unknown}
        for name, compile_tag in {**TAGS, **special}.items():
            self.tags[name] = DialectTag(self, compile_tag)
        self.filters = dict(filters(self._clock))

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        """Cut templates as LiquidJS does."""
        return lambda source: iter(tokenize(source))

    def bind(self, source: str) -> BoundTemplate:
        """Parse a template given in UTF-16 units. Raises Refused."""
        return BoundTemplate(self, self.parse_tokens(tokenize(source)))

    def parse_tokens(self, tokens: list[Token]) -> list[Node]:
        """Parse tokens up to their end. Raises Refused."""
        return BlockParser(self).parse(TokenStream(iter(tokens)))


class DialectTag(Tag):
    """Makes a node of a tag, an output or a text; `compile_tag` says what it renders."""

    def __init__(self, env: Dialect, compile_tag: CompileTag) -> None:
        super().__init__(env)
        self._dialect = env
        self._compile = compile_tag

    def parse(self, stream: TokenStream) -> Node:
        """Compile the construct that the stream stands at."""
        construct = Construct(self._dialect, stream)
        try:
            return Rendered(construct.token, self._compile(construct))
        except Fault as fault:
            raise construct.refusal(str(fault)) from None


class Rendered(Node):
    """A node that renders by a compiled callable, and gives errors their place."""

    def __init__(self, token: Token, render: Render) -> None:
        super().__init__(token)
        self.blank = False
        self._render = render

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Render; what the callable throws is given this node's place."""
        try:
            self._render(context, buffer)
        except (Fault, MappingError) as thrown:
            token = self.token
            raise refusal(str(thrown), token.source, token.start_index) from None
        return 0


class Construct:
    """A tag, an output or a text being compiled: its parts, and what follows in the stream."""

    def __init__(self, dialect: Dialect, stream: TokenStream) -> None:
        self._dialect = dialect
        self._stream = stream
        self.token = stream.current
        self.names = dialect.names
        if stream.peek.kind == TOKEN_EXPRESSION:
            next(stream)
        arguments = stream.current
        self.name = self.token.value
        self.text = arguments.value
        end = arguments.start_index + len(arguments.value)
        self.scanner = Scanner(arguments.source, arguments.start_index, end)
        self._parser = Parser(self.scanner, self.names)

    @property
    def whole(self) -> str:
        """The tag's own text, delimiters or line end included."""
        source, end = self.token.source, self.scanner.stop
        if source.startswith(TAG_START, self.token.start_index):
            end = source.find(TAG_END, end) + len(TAG_END)
        elif (line_end := _LINE_END.match(source, end)) is not None:
            end = line_end.end()  # a line of a `liquid` tag, and not its last
        return source[self.token.start_index : end]

    def value(self, *, sometimes: bool = False) -> Evaluate:
        """Read an expression with filters; `sometimes`: not evaluated on every rendering."""

        def find(name: str, arguments: int) -> Filter | None:
            function: Filter | None = self._dialect.filters.get(name)
            uses = self._dialect.uses
            uses.note(name, function, arguments, self.refusal, sometimes=sometimes)
            return function

        return filtered_value(self._parser, find)

    def operand(self) -> Evaluate | None:
        """Read one operand."""
        return self._parser.value()

    def quoted(self) -> str | None:
        """Read a quoted text, in UTF-16 units."""
        quoted = self.scanner.quoted()
        return None if quoted is None else unquoted(quoted)

    def block(self, *ends: str, sometimes: bool = False) -> tuple[BlockNode, Construct]:
        """Parse up to one of the tags, and give that as well; `sometimes` as for a value."""
        next(self._stream)
        with self._dialect.uses.inside(sometimes=sometimes):
            block = BlockParser(self._dialect).parse_block(self._stream, ends)
        self._require_more()
        return block, Construct(self._dialect, self._stream)

    def ends_template(self) -> None:
        """Take note that what follows is not rendered, or not always."""
        self._dialect.uses.end()

    def skip_to(self, end: str) -> str:
        """Go to a tag without parsing what lies before it; give that as it stands."""
        skipped: list[str] = []
        next(self._stream)
        while not self._stream.current.is_tag(end):
            self._require_more()
            token = next(self._stream)
            if token.kind == TOKEN_CONTENT:
                skipped.append(token.value)
        next(self._stream)
        return "".join(skipped)

    def lines(self) -> list[Node]:
        """Parse each line of the arguments as a tag."""
        scanner = self.scanner
        return self._dialect.parse_tokens(tokenize_lines(scanner.source, scanner.at, scanner.stop))

    def refusal(self, text: str) -> Refused:
        """Add the construct's place to an error's text."""
        return refusal(text, self.token.source, self.token.start_index)

    def _require_more(self) -> None:
        if self._stream.current.kind == TOKEN_EOF:
            raise Fault(f"tag {self.whole} not closed")
