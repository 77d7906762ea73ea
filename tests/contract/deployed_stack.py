"""A stand-in for CloudFormation, Lambda and the address of its layers, for one function."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3

from segment_rehook_cli.stack.stack import Stack

RESOURCES = """
<DescribeStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStackResourcesResult><StackResources><member><StackName>prod</StackName>
<LogicalResourceId>IngestFunction</LogicalResourceId>
<PhysicalResourceId>prod-Ingest-1</PhysicalResourceId>
</member></StackResources></DescribeStackResourcesResult></DescribeStackResourcesResponse>"""


def layer(**files: bytes) -> bytes:
    """Return a layer's zip; `_` in a name stands for a full stop."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


@dataclass
class Lambda:
    """What the stand-in answers. `layers`: zips in the function's order. `status`: of a download.

    `configuration`: members of the function's configuration that replace its own. `refused`: the
    operation that is refused.
    """

    layers: list[bytes]
    configuration: Mapping[str, Any] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    refused: str = ""
    address: str = ""
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Answer a request for this path."""
        parts = urlsplit(path)
        asked = parse_qs(parts.query)
        if self.refused and self.refused in path:
            return 403, b'{"Message": "not authorized", "__type": "AccessDeniedException"}'
        if parts.path.endswith("/configuration"):
            return 200, json.dumps(self._configuration(parts.path, asked)).encode()
        if parts.path == "/2018-10-31/layers":
            number = int(asked["Arn"][0].rpartition(":")[2])
            packed = self.layers[number]
            content: dict[str, Any] = {
                "Location": f"{self.address}/zip/{number}?X-Amz-Signature=made-up",
                "CodeSha256": base64.b64encode(hashlib.sha256(packed).digest()).decode(),
                "CodeSize": len(packed),
            }
            return 200, json.dumps({"Content": content | dict(self.content)}).encode()
        if parts.path.startswith("/zip/"):
            return self.status, self.layers[int(parts.path.rpartition("/")[2])]
        return 404, b"{}"

    def _configuration(self, path: str, asked: Mapping[str, list[str]]) -> Mapping[str, Any]:
        assert path == "/2015-03-31/functions/prod-Ingest-1/configuration"
        assert asked == {"Qualifier": ["live"]}
        own = {
            "FunctionName": "prod-Ingest-1",
            "Environment": {"Variables": {"DESTINATION_FILE": "/opt/destination.json"}},
            "Layers": [
                {"Arn": f"arn:aws:lambda:eu-west-1:1:layer:l:{n}", "CodeSize": len(packed)}
                for n, packed in enumerate(self.layers)
            ],
        }
        return own | dict(self.configuration)


@contextmanager
def deployed(stand_in: Lambda) -> Iterator[Stack]:
    """Serve the stand-in, and give a stack whose calls it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(200, RESOURCES.strip().encode(), "text/xml")

        def do_GET(self) -> None:
            stand_in.requests.append((self.path, dict(self.headers)))
            self._send(*stand_in.answer(self.path), "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", f"{stand_in.address}/zip/0")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stand_in.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Stack(
                name="prod",
                account="1",
                region="eu-west-1",
                outputs={},
                parameters={},
                session=boto3.Session("made-up", "made-up", region_name="eu-west-1"),
                endpoint=stand_in.address,
            )
        finally:
            server.shutdown()
            thread.join()
