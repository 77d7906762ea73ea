"""Liquid templates: tags, filters and expressions, disabled ones and near misses included."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.conformance.generated.template_words import (
    DATES,
    DISABLED,
    FORMATS,
    NUMBER_FILTERS,
    PIECES,
    PLAIN_FILTERS,
    TEXT_FILTERS,
    date_text,
)
from tests.conformance.generated.values import (
    TEXTS,
    WORDS,
    Generated,
    event,
    number,
    text,
)


def template_case(rng: Random) -> dict[str, Generated]:
    """Give a mapping of one to three templates and the payload they are rendered with."""
    payload = event(rng)
    payload.update({"n": number(rng), "s": text(rng), "date": date_text(rng)})
    templates = _Templates(rng, payload)
    fields = rng.choice([1, 1, 1, 2, 3])
    mapping: dict[str, Generated] = {
        str(each): {"@liquid": templates.template()} for each in range(fields)
    }
    if rng.random() < 0.04:
        item = {"@liquid": templates.template()}
        mapping = {"items": {"@arrayPath": ["$.properties", {"x": item}]}, "n": {"@path": "$.n"}}
    return {"mapping": mapping, "input": payload}


class _Templates:
    def __init__(self, rng: Random, payload: dict[str, Generated]) -> None:
        self._rng = rng
        self._payload = payload
        self._assigned: list[str] = []

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability

    def template(self) -> str:
        self._assigned = []
        made = self._parts(3)
        while self._chance(0.07):
            at = self._rng.randint(0, len(made))
            made = made[:at] + self._rng.choice(PIECES) + made[at + self._rng.choice([0, 0, 1]) :]
        return made if self._chance(0.995) else made + "x" * 1000

    def _parts(self, depth: int) -> str:
        return "".join(self._part(depth) for _ in range(self._rng.randint(1, 3)))

    def _part(self, depth: int) -> str:
        kind = self._rng.random()
        if kind < 0.5:
            return self._wrapped("{{", self._value(), "}}")
        if kind < 0.65:
            literal = text(self._rng) if self._chance(0.9) else self._rng.choice(PIECES)
            return self._rng.choice(["", " ", "\n ", "\t"]) + literal.replace("{", "")
        return self._tag(depth - 1)

    def _wrapped(self, opening: str, inner: str, closing: str) -> str:
        left, right = (self._rng.choice(["", "", "", "-"]) for _ in range(2))
        blank = self._rng.choice([" ", " ", "", "\n"])
        return f"{opening}{left}{blank}{inner} {right}{closing}"

    def _t(self, inner: str) -> str:
        return self._wrapped("{%", inner, "%}")

    def _tag(self, depth: int) -> str:
        if depth <= 0:
            return self._assign(depth)
        makers: dict[Callable[[int], str], int] = {
            self._assign: 20,
            self._choice: 30,
            self._enclosing: 26,
            self._counter: 8,
            self._cycle: 6,
            self._echo: 7,
            self._other: 8,
        }
        return self._rng.choices(list(makers), list(makers.values()))[0](depth)

    def _assign(self, _: int) -> str:
        name = self._rng.choice(["x", "y", "n", "a-b", "size"])
        self._assigned.append(name)
        return self._t(f"assign {name} = {self._value()}")

    def _choice(self, depth: int) -> str:
        tag = self._rng.choice(["if", "if", "unless"])
        made = self._t(f"{tag} {self._condition()}") + self._parts(depth)
        while self._chance(0.25):
            made += self._t(f"elsif {self._condition()}") + self._parts(depth)
        if self._chance(0.45):
            made += self._t("else") + self._parts(depth)
        return made + (self._t(f"end{tag}") if self._chance(0.97) else "")

    def _enclosing(self, depth: int) -> str:
        tag = self._rng.choice(["capture", "capture", "raw", "comment", "block"])
        name = {"capture": " c", "block": " b"}.get(tag, "")
        if tag == "capture":
            self._assigned.append("c")
        return self._t(tag + name) + self._parts(depth) + self._t(f"end{tag}")

    def _counter(self, _: int) -> str:
        counter = self._rng.choice(["x", "n", "count", "size", "type"])
        return self._t(f"{self._rng.choice(['increment', 'decrement'])} {counter}")

    def _cycle(self, _: int) -> str:
        group = self._rng.choice(["", "", "'g': ", "s: "])
        values = ", ".join(self._operand() for _ in range(self._rng.randint(1, 3)))
        return self._t(f"cycle {group}{values}") * self._rng.randint(1, 3)

    def _echo(self, _: int) -> str:
        if self._chance(0.5):
            return self._t(f"echo {self._value()}")
        lines = [f"assign q = {self._value()}", "echo q", f"if {self._condition()}", "echo 1"]
        return self._t("liquid\n" + "\n ".join([*lines, "endif"]))

    def _other(self, _: int) -> str:
        comments = ["# a comment", "# one\n # two", "# one\n two"]
        disabled = ["for a in items", "case s", "render 'x'", "tablerow i in a", "layout"]
        odd = ["endif", "else", "nothing", "", "break", "continue", "break", "continue"]
        return self._t(self._rng.choice([*comments, *disabled, *odd]))

    def _condition(self) -> str:
        made = self._comparison()
        while self._chance(0.25):
            made += f" {self._rng.choice(['and', 'or'])} {self._comparison()}"
        return made

    def _comparison(self) -> str:
        negated = "not " if self._chance(0.06) else ""
        if self._chance(0.3):
            return negated + self._operand()
        operators = ["==", "!=", "<", ">", "<=", ">=", "contains", "==", "contains"]
        operator = (
            self._rng.choice(operators)
            if self._chance(0.98)
            else self._rng.choice(["=", "<>", "~"])
        )
        return f"{negated}{self._operand()} {operator} {self._operand()}"

    def _value(self) -> str:
        made = self._operand() if self._chance(0.93) else self._condition()
        while self._chance(0.55):
            made += self._filter()
        return made

    def _filter(self) -> str:
        kind = self._rng.random()
        blank = self._rng.choice([" ", " ", ""])
        if kind < 0.07:
            return self._any_filter()
        if kind < 0.45:
            return f"{blank}|{blank}{self._rng.choice(PLAIN_FILTERS)}"
        if kind < 0.58:
            return f" | {self._rng.choice(NUMBER_FILTERS)}: {self._operand(numeric=True)}"
        if kind < 0.75:
            return f" | {self._rng.choice(TEXT_FILTERS)}: {self._operand()}"
        if kind < 0.82:
            zone = self._rng.choice(
                ["", "", "", ", 60", ", -330", ", 'America/New_York'", ", 'Asia/Kolkata'"]
            )
            return f" | date: {self._quoted(self._rng.choice(FORMATS))}{zone}"
        if kind < 0.97:
            return self._longer_filter()
        return (
            f" | {self._rng.choice(DISABLED)}: 'a'"
            if self._chance(0.7)
            else self._rng.choice(["|", " | x y", " | a:"])
        )

    def _any_filter(self) -> str:
        # With as many arguments as may be, of any kind, named ones among them.
        name = self._rng.choice([*PLAIN_FILTERS, *NUMBER_FILTERS, *TEXT_FILTERS])
        given = [
            self._rng.choice(["", "", "", "k: ", "'x': "]) + self._operand()
            for _ in range(self._rng.choice([0, 1, 1, 2, 3]))
        ]
        return f" | {name}{':' if given else ''} {', '.join(given)}"

    def _longer_filter(self) -> str:
        first, second = self._operand(), self._operand()
        size = self._rng.choice(["0", "1", "2", "3", "-1", "-2", "5", "2.5", first])
        member = self._rng.choice(["a", "b", "a.b", "plan", "", "length"])
        mode = self._rng.choice(["raw", "pretty", "ascii", "latin", "none", "x"])
        return self._rng.choice(
            [
                f" | replace: {first}, {second}",
                f" | replace_first: {first}, {second}",
                f" | replace_last: {first}, {second}",
                f" | slice: {size}",
                f" | slice: {size}, {self._rng.choice(['1', '2', '10', '-1', second])}",
                f" | truncate: {size}, {second}",
                f" | truncatewords: {size}, {second}",
                f" | truncate: {size}",
                f" | default: {first}, allow_false: {self._rng.choice(['true', 'false', 'nil'])}",
                f" | where: {self._quoted(member)}",
                f" | where: 'a', {second}",
                f" | sum: {self._quoted(member)}",
                f" | json: {self._rng.choice(['2', '20', first])}",
                f" | slugify: {mode!r}",
                f" | date_to_string: 'ordinal', {self._rng.choice(['US', 'UK'])!r}",
                f" | divided_by: {size}, true",
                f" | number_of_words: {self._rng.choice(['cjk', 'auto'])!r}",
            ]
        )

    def _quoted(self, content: str) -> str:
        quote = self._rng.choice(["'", '"'])
        if self._chance(0.95):
            content = content.replace(quote, "").replace("\\", "\\\\")
        return f"{quote}{content}{quote}"

    def _operand(self, *, numeric: bool = False) -> str:
        kind = self._rng.random()
        if numeric and kind < 0.6:
            return self._rng.choice(
                [
                    "0",
                    "1",
                    "2",
                    "-3",
                    "2.5",
                    "10",
                    "0.1",
                    "1e3",
                    "5.",
                    "+4",
                    str(self._rng.randint(-9, 99)),
                ]
            )
        if kind < 0.5:
            return self._path() if self._chance(0.85) else self._rng.choice(["date", "n", "s"])
        if kind < 0.6 and self._assigned:
            return self._rng.choice(self._assigned)
        if kind < 0.75:
            return self._quoted(self._rng.choice([*WORDS, *TEXTS, *DATES]))
        if kind < 0.82:
            return self._rng.choice(["nil", "null", "true", "false", "empty", "blank"])
        if kind < 0.88:
            return self._rng.choice(
                ["(1..3)", "(0..n)", "(3..1)", "(1..2.5)", "('1'..\"3\")", "(a..b)", "(1..3"]
            )
        if kind < 0.96:
            return self._rng.choice(["0", "1", "5", "-1", "2.5", "25.0", "100", "1.5.2", "007"])
        escapes = [
            "'\\n\\t'",
            '"\\u0041\\x"',
            "'\\101'",
            '"a\\"b"',
            "'\\u00'",
            "undefined_name",
            "é",
            "[",
            ".a",
            "a..b",
        ]
        return self._rng.choice(escapes)

    def _path(self) -> str:
        at: Generated = self._payload
        path = ""
        while not path or self._chance(0.55):
            if isinstance(at, dict) and at and self._chance(0.9):
                step = self._rng.choice(list(at))
                at = at[step]
            elif isinstance(at, list) and at and self._chance(0.7):
                index = self._rng.randrange(-len(at), len(at) + 1)
                step, at = str(index), at[index % len(at)]
            else:
                step, at = (
                    self._rng.choice(
                        ["size", "first", "last", "length", "missing", "0", "toString"]
                    ),
                    None,
                )
            path += self._step(step, first=not path)
        return path

    def _step(self, step: str, *, first: bool) -> str:
        is_name = bool(step) and all(unit.isalnum() or unit in "_-" for unit in step)
        if step.lstrip("-").isdigit() and not first and self._chance(0.8):
            return f"[{step}]"
        if is_name and self._chance(0.93):
            return step if first else f".{step}"
        return f"[{self._quoted(step)}]"
