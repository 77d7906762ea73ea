"""Segment's own webhook destinations from npm, set up as users do, and a way to have them send."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node")

needs_node = [
    pytest.mark.node,
    pytest.mark.skipif(
        NODE is None or not (HERE / "node_modules").is_dir(),
        reason="needs Node and its packages: make installs them where there is Node 20",
    ),
]

NO_AUTH = {"dynamicAuthSettings": {"oauth": {"type": "noAuth"}}}
BEARER = {"dynamicAuthSettings": {"bearer": {"bearerToken": "a-token"}}}
OAUTH = {
    "dynamicAuthSettings": {
        "oauth": {
            "type": "clientCredentials",
            "access": {"access_token": "a-token"},
            "customParams": {"tokenPrefix": "Acme"},
        }
    }
}


@dataclass(frozen=True)
class Sender:
    """One of Segment's destinations, as a user would have set it up."""

    destination: str
    settings: dict[str, Any]
    mapping: dict[str, Any]


SENDERS = {
    "webhook": Sender("webhook", {}, {}),
    "webhook, PUT": Sender("webhook", {}, {"method": "PUT"}),
    "webhook, PATCH": Sender("webhook", {}, {"method": "PATCH"}),
    "webhook, token": Sender("webhook", {}, {"headers": {"X-Team-Token": "t2"}}),
    "webhook, odd type": Sender("webhook", {}, {"headers": {"Content-Type": "text/plain"}}),
    "audiences": Sender("webhook-audiences", {}, {}),
    "extensible": Sender("webhook-extensible", NO_AUTH, {}),
    "extensible, bearer": Sender("webhook-extensible", BEARER, {}),
    "extensible, OAuth": Sender("webhook-extensible", OAUTH, {}),
    "extensible, headers": Sender("webhook-extensible", NO_AUTH, {"headers": {"X-Other": "1"}}),
}


@dataclass(frozen=True)
class Turn:
    """Events that a destination sends, one by one or in a batch; `more` is for webhook_clients.js.

    A `url` in the mapping is where they go; else they are written down.
    """

    sender: Sender
    events: list[str]
    secret: str
    batch: bool
    mapping: dict[str, Any]
    more: dict[str, Any]


def take(turns: list[Turn]) -> list[list[dict[str, Any]]]:
    """Let one process take all the turns; give what was written down of each."""
    questions = [
        {
            "destination": turn.sender.destination,
            "settings": {"sharedSecret": turn.secret} | turn.sender.settings,
            "mapping": turn.sender.mapping | turn.mapping,
            "events": turn.events,
            "batch": turn.batch,
            **turn.more,
        }
        for turn in turns
    ]
    client = subprocess.run(
        [str(NODE), "webhook_clients.js"],
        cwd=HERE,
        input="".join(json.dumps(question) + "\n" for question in questions),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line)["requests"] for line in client.stdout.splitlines()]
    for request in (request for requests in answers for request in requests):
        request["body"] = base64.b64decode(request["body"])
    return answers
