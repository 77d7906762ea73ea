"""The server, the token, and the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from segment_rehook_cli.main import app
from tests.integration.segment_api.server import DESTINATION, TOKEN, SegmentServer

Run = Callable[..., Result]


@pytest.fixture
def segment() -> Iterator[SegmentServer]:
    """Return a running server that has no subscription yet."""
    with SegmentServer() as server:
        yield server


@pytest.fixture
def run(
    segment: SegmentServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Result]:
    """Return the command line in an empty folder, with the token, asking the server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEGMENT_PUBLIC_API_TOKEN", TOKEN)

    def run(command: str, *arguments: str | Path, **options: str) -> Result:
        address = ["--destination-id", DESTINATION, "--api-url", segment.url]
        given = [command, *address, *(str(each) for each in arguments)]
        return CliRunner().invoke(app, given, **options)  # type: ignore[arg-type]  # `input` only

    return run
