"""Compiling a template's lexemes to callables that render them.

The parser is given a compiler for each tag's name; it does not know the tags itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.expressions import Expressions, Variables
from segment_rehook.mapping.liquid.filtered import filtered_value
from segment_rehook.mapping.liquid.lexer import Lexeme, lexemes_of, lexemes_of_lines
from segment_rehook.mapping.liquid.scanner import TemplateError
from segment_rehook.mapping.liquid.uses import FilterUses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from segment_rehook.mapping.liquid.context import Context
    from segment_rehook.mapping.liquid.expressions import Evaluate
    from segment_rehook.mapping.liquid.filtered import Filter

Render: TypeAlias = "Callable[[Context, list[str]], object]"
"""Called with the state and with the output, to which it appends."""
TagCompiler: TypeAlias = "Callable[[Tag], Render]"
"""Raises TemplateError; or MappingError, if the error is at the tag's own position."""


@dataclass(frozen=True, slots=True)
class Block:
    """Parts that are rendered one after another, each with its position in the template."""

    source: str
    parts: tuple[tuple[int, Render], ...]

    def render(self, context: Context, output: list[str]) -> None:
        """Render all parts. Raises TemplateError with the position of the part that threw."""
        place = 0
        try:
            for place, render in self.parts:  # noqa: B007 — read if a part throws
                render(context, output)
        except MappingError as thrown:
            raise TemplateError(str(thrown), self.source, place) from None


@dataclass(slots=True)
class Parser:
    """Compiles one template, given in UTF-16 units, and collects its variables and filters."""

    source: str
    compilers: Mapping[str, TagCompiler]
    unknown: TagCompiler
    filters: Mapping[str, Filter]
    variables: Variables = field(default_factory=Variables)
    uses: FilterUses = field(default_factory=FilterUses)
    lexemes: Iterator[Lexeme] = field(default_factory=lambda: iter(()))

    def template(self) -> Block:
        """Compile the whole template. Raises TemplateError."""
        return self.parse(lexemes_of(self.source))

    def parse(self, lexemes: Iterable[Lexeme]) -> Block:
        """Compile these lexemes; afterwards the parser continues with its own lexemes."""
        outer, self.lexemes = self.lexemes, iter(lexemes)
        block, _ = self.block()
        self.lexemes = outer
        return block

    def block(self, *ends: str) -> tuple[Block, Tag | None]:
        """Compile up to one of these tags, and return that tag; None if the template ends first."""
        parts: list[tuple[int, Render]] = []
        end: Tag | None = None
        for lexeme in self.lexemes:
            tag = Tag(self, lexeme)
            if tag.name in ends:
                end = tag
                break
            parts.append((lexeme.begin, tag.compile()))
        return Block(self.source, tuple(parts)), end


class Tag(Expressions):
    """A tag, an output or a text that is being compiled: it reads its own arguments."""

    def __init__(self, parser: Parser, lexeme: Lexeme) -> None:
        super().__init__(parser.source, *lexeme.content, parser.variables)
        self._parser = parser
        self._lexeme = lexeme

    @property
    def name(self) -> str:
        """The tag's name; OUTPUT or TEXT if it is not a tag."""
        return self._lexeme.name

    @property
    def text(self) -> str:
        """The tag's arguments, or the text to render."""
        begin, end = self._lexeme.content
        return self.source[begin:end]

    @property
    def whole(self) -> str:
        """The tag as it is written, with its delimiters or line end."""
        return self.source[self._lexeme.begin : self._lexeme.end]

    def compile(self) -> Render:
        """Compile the tag. Raises TemplateError."""
        compile_tag = self._parser.compilers.get(self.name, self._parser.unknown)
        try:
            return compile_tag(self)
        except MappingError as thrown:
            raise self.error_here(str(thrown)) from None

    def value(self, *, conditional: bool = False) -> Evaluate:
        """Read an expression with filters. `conditional`: not every rendering evaluates it."""

        def find(name: str, arguments: int) -> Filter | None:
            function = self._parser.filters.get(name)
            uses = self._parser.uses
            uses.note(name, function, arguments, self.error_here, conditional=conditional)
            return function

        return filtered_value(self, find)

    def block(self, *ends: str, conditional: bool = False) -> tuple[Block, Tag]:
        """Compile up to one of these tags, and return that tag. `conditional` as in `value`."""
        with self._parser.uses.inside(conditional=conditional):
            block, end = self._parser.block(*ends)
        if end is None:
            raise self._not_closed()
        return block, end

    def ends_template(self) -> None:
        """Record that a rendering may not reach the rest of the template."""
        self._parser.uses.end()

    def skip_to(self, end: str) -> str:
        """Skip to a tag without compiling what is before it, and return that as it is written."""
        skipped: list[str] = []
        for lexeme in self._parser.lexemes:
            if lexeme.name == end:
                return "".join(skipped)
            skipped.append(self.source[lexeme.begin : lexeme.end])
        raise self._not_closed()

    def lines(self) -> Block:
        """Compile each line of the arguments as a tag."""
        return self._parser.parse(lexemes_of_lines(self.source, self.at, self.stop))

    def error_here(self, text: str) -> TemplateError:
        """Make an error at the tag's position."""
        return TemplateError(text, self.source, self._lexeme.begin)

    def _not_closed(self) -> MappingError:
        return MappingError(f"tag {self.whole} not closed")
