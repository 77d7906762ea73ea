"""Tests of the commands on a stack when the answers are not from AWS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from segment_rehook_cli.main import app


class Page(BaseHTTPRequestHandler):
    """Answers with a sign-in page; the status is in the path of the server's URL."""

    status = 200

    def do_POST(self) -> None:
        """Answer any request."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"<html><body>Please sign in</body></html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — its name there
        """Log nothing."""


@pytest.fixture(params=[200, 302, 403])
def page(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a server that answers HTML with this status."""
    handler = type("Page", (Page,), {"status": request.param})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("command", [["mode", "pause"], ["failures", "list"]], ids=" ".join)
def test_a_sign_in_page_is_not_taken_for_aws(
    monkeypatch: pytest.MonkeyPatch, page: str, command: list[str]
) -> None:
    """HTML instead of AWS's answer gives one line that says so, and exit code 3."""
    for name, value in {
        "AWS_ENDPOINT_URL": page,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
    }.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, [*command, "--stack", "prod"])
    assert result.exit_code == 3
    [line] = result.stderr.splitlines()
    assert "the answer is not from AWS" in line
