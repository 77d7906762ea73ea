"""The generators by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random

from tests.conformance.generated.mappings import mapping_case
from tests.conformance.generated.templates import template_case
from tests.conformance.generated.triggers import trigger_case
from tests.conformance.generated.values import Generated, line

GENERATORS: Mapping[str, Callable[[Random], dict[str, Generated]]] = {
    "mapping": mapping_case,
    "fql": trigger_case,
    "liquid": template_case,
}


def generate(kind: str, seed: int, count: int) -> Iterator[str]:
    """Give `count` cases of a kind, one line of JSON each; the same ones for the same seed."""
    rng = Random(seed)
    return (line(GENERATORS[kind](rng)) for _ in range(count))
