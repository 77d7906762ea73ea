"""Which filters a template applies, and which of them throw for every value."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.values import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segment_rehook.mapping.liquid.filtered import Filter
    from segment_rehook.mapping.liquid.scanner import TemplateError
    from segment_rehook.mapping.values import Value

_SAMPLES: Final[tuple[Value, ...]] = (UNDEFINED, None, "", "a", 1, True, [], {})


@dataclass(frozen=True, slots=True)
class FilterUse:
    """One application of a filter, with its number of arguments.

    `function` is None if there is no such filter, so that the value stays as it is. `always`: every
    rendering of the template applies it. `make_error` adds the position to an error's text.
    """

    name: str
    function: Filter | None
    arguments: int
    always: bool
    make_error: Callable[[str], TemplateError]

    def throws(self) -> str:
        """Return the error that it throws for every value; empty if it accepts some values."""
        if self.function is None:
            return ""
        said = {self._said(sample) for sample in _SAMPLES}
        (text, *others) = said
        return "" if others or not text else self.make_error(text).text

    def _said(self, value: Value) -> str:
        if self.function is None:
            return ""
        try:
            self.function(value, *[value] * self.arguments)
        except MappingError as thrown:
            return str(thrown)
        return ""


@dataclass(slots=True)
class FilterUses:
    """The filters of a template, collected while it is compiled."""

    found: list[FilterUse] = field(default_factory=list)
    _conditional: int = 0

    def note(
        self,
        name: str,
        function: Filter | None,
        arguments: int,
        make_error: Callable[[str], TemplateError],
        *,
        conditional: bool,
    ) -> None:
        """Add a filter."""
        always = not (conditional or self._conditional)
        self.found.append(FilterUse(name, function, arguments, always, make_error))

    @contextmanager
    def inside(self, *, conditional: bool) -> Iterator[None]:
        """Add the filters that are compiled meanwhile; if conditional, not as `always`."""
        self._conditional += conditional
        try:
            yield
        finally:
            self._conditional -= conditional

    def end(self) -> None:
        """Add the rest of the template's filters as conditional: a tag before them may end it."""
        self._conditional += 1
