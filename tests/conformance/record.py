"""Writes down the engine's answers to fixed questions: `python -m tests.conformance.record`.

`recorded/KIND.questions.ndjson` and `recorded/KIND.answers.ndjson` have a line each for a case, so
that a machine without Node holds the language too. Needs Node to write, nothing to read.

Of many generated questions those are kept, the short ones first, that lead from one line of our
code to another as few before them did.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import segment_rehook.mapping
from segment_rehook_cli.mapping.evaluate import evaluate
from tests.conformance.compare import ask_engine
from tests.conformance.generated.cases import GENERATORS, generate
from tests.conformance.odd_cases import ODD_CASES

if TYPE_CHECKING:
    from _typeshed import TraceFunction

FOLDER = Path(__file__).parent / "recorded"
KINDS = (*GENERATORS, "odd")
SEED = 9
POOL = 6_000
"""Questions of a kind to choose from."""
OFTEN = 5
"""Questions that lead from one line to another before that is no reason to keep one more."""
LONGEST = 700
"""Characters of a hand-made question."""
_CODE = str(Path(segment_rehook.mapping.__file__).parent)

Step = tuple[str, int, int]


def recorded(kind: str) -> list[tuple[str, str]]:
    """Read questions with the engine's answers."""
    questions, answers = (
        _path(kind, each).read_text(encoding="ascii").splitlines()
        for each in ("questions", "answers")
    )
    return list(zip(questions, answers, strict=True))


def main() -> None:
    """Write all records anew."""
    FOLDER.mkdir(exist_ok=True)
    for kind in KINDS:
        cases = list(chosen(kind))
        for name, lines in zip(("questions", "answers"), zip(*cases, strict=True), strict=True):
            _path(kind, name).write_text("".join(f"{each}\n" for each in lines), encoding="ascii")
        sys.stdout.write(f"{kind}: {len(cases)}\n")


def chosen(kind: str) -> Iterator[tuple[str, str]]:
    """Choose questions of a kind, and give them with the engine's answers."""
    if kind == "odd":
        questions = [each for each in ODD_CASES if len(each) <= LONGEST and each.isascii()]
    else:
        questions = list(_leading_further(sorted(generate(kind, SEED, POOL), key=len)))
    return zip(questions, ask_engine(questions), strict=True)


def _leading_further(questions: Iterable[str]) -> Iterator[str]:
    led: Counter[Step] = Counter()
    for question in questions:
        steps = _steps(question)
        if any(led[step] < OFTEN for step in steps):
            led.update(steps)
            yield question


def _steps(question: str) -> set[Step]:
    """Give the pairs of lines that our code went from and to."""
    steps: set[Step] = set()

    def follow(frame: FrameType, _event: str, _: object) -> TraceFunction | None:
        file = frame.f_code.co_filename
        if not file.startswith(_CODE):
            return None
        last = frame.f_lineno

        def line(frame: FrameType, _event: str, _: object) -> TraceFunction:
            nonlocal last
            steps.add((file, last, frame.f_lineno))
            last = frame.f_lineno
            return line

        return line

    sys.settrace(follow)
    try:
        list(evaluate([question]))
    finally:
        sys.settrace(None)
    return steps


def _path(kind: str, name: str) -> Path:
    return FOLDER / f"{kind}.{name}.ndjson"


if __name__ == "__main__":
    main()
