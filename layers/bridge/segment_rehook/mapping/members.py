"""What `value[key]` gives in JavaScript: own members first, then inherited ones.

A path may name members that JavaScript defines (`$.name.length`, `$.items.constructor`). Built-in
functions are listed here by name and number of parameters. The members of a constructor
(`$.items.constructor.isArray`) are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.mapping import text
from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.values import UNDEFINED, Boxed, Function, index_of, truthy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from segment_rehook.mapping.values import Value

# name:parameters, as ECMA-262 has them (and its annex B)
_METHODS = {
    "Object": (
        "__defineGetter__:2 __defineSetter__:2 hasOwnProperty:1 __lookupGetter__:1 "
        "__lookupSetter__:1 isPrototypeOf:1 propertyIsEnumerable:1 toString:0 valueOf:0 "
        "toLocaleString:0"
    ),
    "Array": (
        "at:1 concat:1 copyWithin:2 fill:1 find:1 findIndex:1 findLast:1 findLastIndex:1 "
        "lastIndexOf:1 pop:0 push:1 reverse:0 shift:0 unshift:1 slice:2 sort:1 splice:2 "
        "includes:1 indexOf:1 join:1 keys:0 entries:0 values:0 forEach:1 filter:1 flat:0 "
        "flatMap:1 map:1 every:1 some:1 reduce:1 reduceRight:1 toLocaleString:0 toString:0 "
        "toReversed:0 toSorted:1 toSpliced:2 with:2"
    ),
    "String": (
        "anchor:1 at:1 big:0 blink:0 bold:0 charAt:1 charCodeAt:1 codePointAt:1 concat:1 "
        "endsWith:1 fontcolor:1 fontsize:1 fixed:0 includes:1 indexOf:1 isWellFormed:0 italics:0 "
        "lastIndexOf:1 link:1 localeCompare:1 match:1 matchAll:1 normalize:0 padEnd:1 padStart:1 "
        "repeat:1 replace:2 replaceAll:2 search:1 slice:2 small:0 split:2 strike:0 sub:0 "
        "substr:2 substring:2 sup:0 startsWith:1 toString:0 toWellFormed:0 trim:0 trimStart:0 "
        "trimEnd:0 toLocaleLowerCase:0 toLocaleUpperCase:0 toLowerCase:0 toUpperCase:0 valueOf:0"
    ),
    "Number": "toExponential:1 toFixed:1 toPrecision:1 toString:1 valueOf:0 toLocaleString:0",
    "Boolean": "toString:0 valueOf:0",
    "Function": "apply:2 bind:1 call:1 toString:0",
}
_PARENT_PROTOTYPE = "__proto__"


def _functions(listed: str) -> dict[str, Value]:
    pairs = (entry.split(":") for entry in listed.split())
    return {name: Function(name, int(parameters)) for name, parameters in pairs}


OBJECT_PROTOTYPE: dict[str, Value] = {}
"""`Object.prototype`. It is compared by identity, since it inherits nothing."""

_PROTOTYPES: dict[str, Value] = {
    "Object": OBJECT_PROTOTYPE,
    "Array": [],
    "String": Boxed("String", ""),
    "Number": Boxed("Number", 0),
    "Boolean": Boxed("Boolean", False),  # noqa: FBT003 — a value of the language, not a switch
    "Function": Function("", 0),
}
_INHERITED: dict[str, dict[str, Value]] = {
    owner: {
        **_functions(_METHODS["Object"]),
        **_functions(_METHODS[owner]),
        "constructor": Function(owner, 1),
    }
    for owner in _METHODS
}
for _alias, _name in (("trimLeft", "trimStart"), ("trimRight", "trimEnd")):
    _INHERITED["String"][_alias] = _INHERITED["String"][_name]
OBJECT_MEMBERS = frozenset(_INHERITED["Object"]) | {_PARENT_PROTOTYPE}
"""Names of the members that every object inherits."""


def member(value: Value, key: str) -> Value:
    """Give `value[key]`; `value` is neither null nor undefined."""
    if isinstance(value, dict):
        return value[key] if key in value else _inherited(value, "Object", key)
    if isinstance(value, list):
        return _item(value, value, "Array", key)
    if isinstance(value, str):
        return _item(value, text.to_units(value), "String", key)
    if isinstance(value, Function):
        return _function_member(value, key)
    if isinstance(value, Boxed):
        return (
            0
            if key == "length" and value.owner == "String"
            else _inherited(value, value.owner, key)
        )
    return _inherited(value, "Boolean" if isinstance(value, bool) else "Number", key)


def walk(value: Value, steps: Iterable[str]) -> Value:
    """Follow a path; a falsy value on the way is itself the answer."""
    for key in steps:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif truthy(value):
            value = member(value, key)
        else:
            return value
    return value


def _inherited(value: Value, owner: str, key: str) -> Value:
    if key != _PARENT_PROTOTYPE:
        return _INHERITED[owner].get(key, UNDEFINED)
    if value is OBJECT_PROTOTYPE:
        return None
    return OBJECT_PROTOTYPE if value is _PROTOTYPES[owner] else _PROTOTYPES[owner]


def _item(value: Value, items: Sequence[Value], owner: str, key: str) -> Value:
    if key == "length":
        return len(items)
    index = index_of(key)
    if index is None:
        return _inherited(value, owner, key)
    return items[index] if index < len(items) else UNDEFINED


def _function_member(function: Function, key: str) -> Value:
    if key == "name":
        return function.name
    if key == "length":
        return function.length
    if key in {"arguments", "caller"}:
        raise MappingError(
            "'caller', 'callee', and 'arguments' properties may not be accessed on strict mode "
            "functions or the arguments objects for calls to them"
        )
    return _inherited(function, "Function", key)
