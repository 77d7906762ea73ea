"""Cases made by hand, one line of JSON each, that generated ones seldom reach."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tests.conformance.generated.values import Generated, line

# Letters whose partner came after Unicode 15.1: see the page's table of differences.
_NEW_PARTNERS = frozenset("\u019b\u0264\ua7d3\ua7d5")
_FOLDING = "ksµμSKßẞİıiſΣσςΩΩÅåÅǄǅǆ"
_SIGMAS = [
    "Σ",
    "ΑΣ",
    "ΑΣ.",
    "ΑΣΑ",
    "Α.Σ",
    "Α.Σ.Α",
    "aΣ\u0301",
    "ΣΣ",
    "1Σ",
    "Α\u00adΣ\u00adΑ",
    "\ud83dΣ",
]
_NUMBERS = [
    "1e21", "1e-7", "123456789012345680000", "0.000001", "-0", "1e999", "5e-324", "4.35", "100",
    "1E400", "-1e-400", "9007199254740991", "1.0", "1e0", "0.1e1",
]  # fmt: skip
_WHOLE = [
    '{"mapping":null,"input":{}}', '{"mapping":null,"input":null}', '{"mapping":"ab","input":{}}',
    '{"mapping":[1,{"@path":"$.a"}],"input":{"a":2}}', '{"mapping":5,"input":{}}',
    '{"mapping":true}',
    '{"mapping":{}}', '{"mapping":{"a":1},"input":"x"}', '{"mapping":{"@path":"$.a"},"input":{}}',
    '{"mapping":{"@path":"$.a"},"input":{"a":"\\ud800"}}',
    '{"mapping":{"a":{"@path":"$.a","@path":"$.b"}},"input":{"a":1,"b":2}}',
    '{"mapping":{"b":1,"a":{"@path":"$.__proto__"},"__proto__":{"@path":"$.a"}},"input":{"a":1}}',
    '{"mapping":{"a":{"@path":"$.a"}},"input":{"a":{"__proto__":{"x":1},"y":2}}}',
    '{"fql":"","event":{}}', '{"fql":null,"event":{}}', '{"fql":"type = \\"a\\"","event":null}',
    '{"fql":"type = \\"a\\""}', '{"fql":["type"],"event":{}}', '{"fql":[],"event":{}}',
    '{"fql":"type = \\"a\\"","event":"x"}', '{"fql":"properties.length = 1","event":[]}',
    '{"fql":"properties.length = 1","event":{"properties":"x"}}',
]  # fmt: skip
_ROOTS = [
    '"ab"', '"a"', "null", "{}", "[]", "5", "[[1]]", '[{"a":{"@path":"$.x"}}]',
    '{"@literal":{"a":1}}',
    '{"@arrayPath":["$.l",{"z":{"@path":"$.q"}}]}',
    '{"@merge":{"objects":[{"a":1}],"direction":"left"}}',
    '{"@transform":{"mapping":5,"apply":{"x":{"@path":"$.l"}}}}', '{"@path":{"@path":"$.x"}}',
]  # fmt: skip


def _mapped(mapping: Generated, payload: Generated) -> str:
    return line({"mapping": {"x": mapping}, "input": payload})


def _nested(levels: int) -> Iterator[str]:
    members: Generated = 1
    items: Generated = 1
    literals: Generated = {"@path": "$.q"}
    for _ in range(levels):
        members, items, literals = {"a": members}, [items], {"@literal": literals}
    yield _mapped({"@path": "$.a"}, members)
    yield _mapped({"@flatten": {"separator": ".", "value": {"@path": "$.a"}}}, members)
    yield _mapped({"@json": {"mode": "encode", "value": {"@path": "$.a"}}}, members)
    yield _mapped(members, {})
    yield _mapped(literals, {"q": 1})
    for directive in (
        {"@path": "$.a"},
        {"@template": "{{a}}"},
        {"@if": {"blank": {"@path": "$.a"}}},
    ):
        yield _mapped(directive, {"a": items})


def _cased(text: str) -> Iterator[str]:
    for operator in ("lower", "upper"):
        yield _mapped({"@case": {"operator": operator, "value": {"@path": "$.s"}}}, {"s": text})


def _characters(start: int, end: int) -> str:
    found = (chr(code) for code in range(start, end))
    # What a Python's Unicode knows by 14.0 (Python 3.11) all of them map alike.
    return "".join(each for each in found if _settled(each))


def _settled(character: str) -> bool:
    return unicodedata.category(character) not in {"Cn", "Cs"} and character not in _NEW_PARTNERS


def _all() -> Iterator[str]:
    for levels in (50, 126, 200, 300):
        yield from _nested(levels)
    for text in _SIGMAS:
        yield from _cased(text)
    for start in range(0, 0x20000, 0x1000):
        yield from _cased(_characters(start, start + 0x1000))
    letters = _characters(0x20, 0xD800)
    for pattern in _FOLDING:
        options = {"pattern": pattern, "replacement": "_", "ignorecase": True}
        yield _mapped({"@replace": {**options, "value": {"@path": "$.s"}}}, {"s": letters})
    for number in _NUMBERS:
        for mapping in (
            '{"@template":"{{n}} {{l}}"}',
            '{"@path":"$.n"}',
            '{"@json":{"mode":"encode","value":{"@path":"$.l"}}}',
            f'{{"@json":{{"mode":"decode","value":"{number}"}}}}',
            '{"@replace":{"pattern":"e","replacement":"E","value":{"@path":"$.n"}}}',
            '{"@liquid":"{{n}}|{{n|plus:1}}|{{n|round:2}}|{{n|json}}|{{l|json}}"}',
        ):
            yield f'{{"mapping":{{"x":{mapping}}},"input":{{"n":{number},"l":[{number}]}}}}'
    yield from _WHOLE
    for root in _ROOTS:
        mapping = f'{{"__segment_internal_directive":{root},"b":{{"@path":"$.x"}}}}'
        yield f'{{"mapping":{mapping},"input":{{"l":[{{"q":1}}],"x":3}}}}'


ODD_CASES = list(_all())
