"""The bench runs every part and writes what it found. How fast anything is stays out of tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.bench import __main__ as bench
from tools.bench import calls, measure, page, workers
from tools.bench.measure import Row, Spread, Target

DOCS = Path(__file__).parents[3] / "docs"
COUNTED = {"reads": "reads", "writes": "writes", "calls to SQS": "sqs"}
NODE = workers.node_missing() is None


def run(out: Path, *arguments: str) -> dict[str, Any]:
    """The parts that a run on tiny counts wrote."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(measure, "ROUNDS", 1)
        patched.setattr(calls, "CALLS", 16)
        assert bench.main(["--smoke", "--out", str(out), *arguments]) == 0
    parts: dict[str, Any] = json.loads((out / "performance.json").read_text())["parts"]
    return parts


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a run of every part wrote to."""
    folder = tmp_path_factory.mktemp("bench")
    run(folder)
    return folder


@pytest.mark.parametrize(
    ("part", "rows"),
    [
        ("throughput", 7),
        ("start", 1),
        ("memory", 1),
        ("draining", 2),
        ("growth", 9),
        ("language", 13 if NODE else 0),
        ("calls", 4),
        ("paths", 9),
    ],
)
def test_each_part_gives_its_rows(out: Path, part: str, rows: int) -> None:
    """A worker that ends, or that delivers less than it was given, would leave rows out."""
    assert len(json.loads((out / "performance.json").read_text())["parts"][part]) == rows


def test_both_pages_are_written_with_every_section_filled(out: Path) -> None:
    """What stands between the marks is a table or a sentence; no mark is left without its text."""
    for name in ("performance.md", "cost.md"):
        text = (out / name).read_text()
        sections = page.MARKED.findall(text)
        assert sections
        assert all(body.strip() for _, _, body, _ in sections), name


def test_each_path_makes_the_calls_and_writes_that_the_cost_page_says(out: Path) -> None:
    """Counted where they arrive, and compared with the page as it is committed.

    Events of one request share calls as they happen to come together, so only those are compared
    that come alone.
    """
    found = json.loads((out / "performance.json").read_text())["parts"]["paths"]
    said = section_of((DOCS / "cost.md").read_text(), "counts")
    assert [row["path"] for row in said] == [path["name"] for path in found]
    for row, path in zip(said, found, strict=True):
        for column, member in COUNTED.items():
            assert float(row[column]) == path[member], (row["path"], column)
        if path["requests"] == 1:
            assert float(row["calls to DynamoDB"]) == path["table_calls"], row["path"]


def section_of(text: str, name: str) -> list[dict[str, str]]:
    """The rows of the table between a page's marks, by the head of each column."""
    body = next(body for _, found, body, _ in page.MARKED.findall(text) if found == name)
    head, _, *rows = (line.strip("| ").split(" | ") for line in body.strip().splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_without_node_our_half_is_measured_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rows then have no figure of Segment's engine, and no ratio."""
    monkeypatch.setenv("PATH", str(tmp_path))
    parts = run(tmp_path, "--only", "memory")
    assert "Node was not found: Segment's engine is not measured" in capsys.readouterr().out
    assert "theirs" not in parts["memory"][0]


def test_one_part_leaves_the_others_figures_as_they_are(tmp_path: Path) -> None:
    """So a part can be measured again without the ten minutes that all take."""
    kept = {"parts": {"draining": [Row.of("kept", "ms", [1.0]).json]}}
    (tmp_path / "performance.json").write_text(json.dumps(kept))
    parts = run(tmp_path, "--only", "memory")
    assert parts["draining"] == kept["parts"]["draining"]
    assert parts["memory"]


def test_a_smoke_run_is_not_written_to_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    """Its figures mean nothing."""
    with pytest.raises(SystemExit):
        bench.main(["--smoke"])
    assert "--smoke needs --out" in capsys.readouterr().err


def test_a_worker_that_delivers_less_than_it_was_given_fails_the_run() -> None:
    """A bridge that stores or drops events is not a fast one."""
    command = ["sh", "-c", 'read -r line; echo \'{"count": 3, "delivered": 2}\'']
    worker = workers.Worker(command)
    with pytest.raises(workers.WorkerFailed, match="not every event was delivered"):
        worker.run("any")
    worker.close()


def test_a_worker_that_has_ended_fails_the_run() -> None:
    """Its status is named; what it wrote to standard error has been shown."""
    worker = workers.Worker(["sh", "-c", "read -r line; exit 3"])
    with pytest.raises(workers.WorkerFailed, match="ended with status 3"):
        worker.run("any")
    with pytest.raises(workers.WorkerFailed, match="has ended"):
        worker.run("any")
    worker.close()


def test_a_row_has_the_median_its_quartiles_and_the_ratio_of_each_round() -> None:
    """Rounds take turns, so a ratio of one round compares what ran under the same load."""
    row = Row.of("n", "ms", [1.0, 2.0, 9.0], [1.0, 1.0, 3.0])
    assert row.ours == Spread(median=2.0, low=1.5, high=5.5)
    assert row.ratio == Spread(median=2.0, low=1.5, high=2.5)
    assert Row.read(row.json) == row


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        (Target("ratio", "≥", 3.0), False),
        (Target("ratio", "≥", 2.0), True),
        (Target("ours", "≤", 2.0), True),
        (Target("ours", "≤", 1.9), False),
        (None, None),
    ],
)
def test_a_target_is_of_the_ratio_or_of_our_own_figure(
    target: Target | None, reached: bool | None
) -> None:
    """At least or at most, the figure itself included."""
    assert Row.of("n", "ms", [2.0], [1.0], target=target).reached is reached
