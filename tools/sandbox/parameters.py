"""Values of a template's parameters, checked against the template's constraints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tools.sandbox.intrinsics import Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def values(declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str]) -> dict[str, str]:
    """Return every parameter's value: the given one, else its default.

    Raises Unresolved if CloudFormation would refuse the deploy.
    """
    if unknown := given.keys() - declared.keys():
        raise Unresolved(
            f"no such template parameter: {', '.join(sorted(unknown))}; "
            f"there are {', '.join(sorted(declared))}"
        )
    chosen = {name: str(spec["Default"]) for name, spec in declared.items() if "Default" in spec}
    chosen |= given
    if missing := declared.keys() - chosen.keys():
        raise Unresolved(f"template parameters without a value: {', '.join(sorted(missing))}")
    for name, value in chosen.items():
        for wanted in _broken(declared[name], value):
            shown = "" if declared[name].get("NoEcho") else f", not {value}"
            raise Unresolved(f"the template parameter {name} wants {wanted}{shown}")
    return chosen


def _broken(spec: Mapping[str, Any], value: str) -> Iterator[str]:
    """Yield the constraints that a value breaks."""
    allowed = [str(each) for each in spec.get("AllowedValues", ())]
    if allowed and value not in allowed:
        yield "one of " + ", ".join(allowed)
    if "AllowedPattern" in spec and not re.fullmatch(spec["AllowedPattern"], value):
        yield spec.get("ConstraintDescription") or f"what matches {spec['AllowedPattern']}"
    if not int(spec.get("MinLength", 0)) <= len(value) <= int(spec.get("MaxLength", len(value))):
        yield f"{spec.get('MinLength', 0)} to {spec.get('MaxLength', 'any number of')} characters"
    if spec.get("Type") == "Number":
        try:
            number = float(value)
        except ValueError:
            yield "a number"
            return
        if number < float(spec.get("MinValue", number)):
            yield f"{spec['MinValue']} or more"
        if number > float(spec.get("MaxValue", number)):
            yield f"{spec['MaxValue']} or less"
