"""The two calls of AWS that the check before traffic makes, as AWS documents them.

Lambda's Invoke: POST /2015-03-31/functions/{name}/invocations, the payload as it is; the header
X-Amz-Function-Error says that the function failed. CodeDeploy: JSON 1.1, PutLifecycleEventHook…
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

ARNS = {
    "INGEST_VERSION": "arn:aws:lambda:eu-west-1:123456789012:function:ingest:7",
    "INGEST_LIVE": "arn:aws:lambda:eu-west-1:123456789012:function:ingest:live",
    "REDRIVE_VERSION": "arn:aws:lambda:eu-west-1:123456789012:function:redrive:4",
    "REDRIVE_LIVE": "arn:aws:lambda:eu-west-1:123456789012:function:redrive:live",
}
"""The variables that the template gives the check, and what they are like on AWS."""

Version = Callable[[bytes], tuple[bytes, bool]]
"""Takes a payload; returns the answer, and whether the function failed."""


class AwsSide:
    """`versions`: what answers, by the name that is invoked. `reported`: what CodeDeploy was told.

    `operations`: every call, as IAM names its action.
    """

    def __init__(self) -> None:
        self.versions: dict[str, Version] = {}
        self.reported: list[dict[str, Any]] = []
        self.operations: set[str] = set()
        self.refuses_reports = False
        self.url = ""

    def invoke(self, name: str, payload: bytes) -> tuple[int, dict[str, str], bytes]:
        """Answer Invoke. A function that is not there is refused as Lambda does."""
        self.operations.add("lambda:InvokeFunction")
        if name not in self.versions:
            kind = {"x-amzn-ErrorType": "ResourceNotFoundException"}
            return 404, kind, json.dumps({"Message": "Function not found", "Type": "User"}).encode()
        answer, failed = self.versions[name](payload)
        return 200, {"X-Amz-Function-Error": "Unhandled"} if failed else {}, answer

    def put(self, operation: str, said: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Answer CodeDeploy's PutLifecycleEventHookExecutionStatus, and no other operation."""
        self.operations.add(f"codedeploy:{operation}")
        if operation != "PutLifecycleEventHookExecutionStatus" or self.refuses_reports:
            return 400, {}, json.dumps({"__type": "DeploymentDoesNotExistException"}).encode()
        self.reported.append(said)
        return (
            200,
            {},
            json.dumps(
                {"lifecycleEventHookExecutionId": said["lifecycleEventHookExecutionId"]}
            ).encode(),
        )


@contextmanager
def serving(side: AwsSide) -> Iterator[str]:
    """Serve it on a free port of this machine; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.startswith("/2015-03-31/functions/"):
                status, headers, answer = side.invoke(unquote(self.path.split("/")[3]), body)
            else:
                operation = self.headers["x-amz-target"].partition(".")[2]
                status, headers, answer = side.put(operation, json.loads(body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Write no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSide]:
    """AWS's side, with the environment in which the check finds it."""
    side = AwsSide()
    with serving(side) as url:
        for service in ("LAMBDA", "CODEDEPLOY"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        for name, arn in ARNS.items():
            monkeypatch.setenv(name, arn)
        yield side
