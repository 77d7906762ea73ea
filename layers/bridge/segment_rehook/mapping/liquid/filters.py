"""LiquidJS's filters by name. A filter that Segment disables throws when it is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.dates import date_filters
from segment_rehook.mapping.liquid.list_filters import LIST_FILTERS
from segment_rehook.mapping.liquid.number_filters import NUMBER_FILTERS
from segment_rehook.mapping.liquid.other_filters import OTHER_FILTERS
from segment_rehook.mapping.liquid.text_filters import TEXT_FILTERS
from segment_rehook.mapping.liquid.url_filters import URL_FILTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook.mapping.liquid.filtered import Filter

DISABLED = (
    "array_to_sentence_string", "concat", "find", "find_exp", "find_index", "find_index_exp",
    "group_by", "group_by_exp", "has", "has_exp", "map", "newline_to_br", "reject", "reject_exp",
    "reverse", "sort", "sort_natural", "uniq", "where_exp", "type",
)  # fmt: skip
"""Filters that Segment's engine refuses (actions-core, mapping-kit/liquid-directive)."""


def filters(clock: Callable[[], float]) -> Mapping[str, Filter]:
    """Return all filters. A name that is not among them does not change the value."""
    return {
        **TEXT_FILTERS,
        **URL_FILTERS,
        **NUMBER_FILTERS,
        **LIST_FILTERS,
        **OTHER_FILTERS,
        **date_filters(clock),
        **{name: _disabled(name) for name in DISABLED},
    }


def _disabled(name: str) -> Filter:
    def refuse(*_: object) -> NoReturn:
        raise MappingError(f'filter "{name}" is disabled')

    return refuse
