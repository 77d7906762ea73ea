# ruff: noqa: INP001, T201 — a function of its own, whose output is its log
"""Consumes letters: each says what is to become of it; each batch is noted in the log."""

from __future__ import annotations

import json
import os
import time
from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Report those as failed that say so."""
    bodies = [record["body"] for record in event["Records"]]
    groups = [record["attributes"]["MessageGroupId"] for record in event["Records"]]
    print(json.dumps({"batch": bodies, "groups": groups, "process": os.getpid()}))
    if "raise" in bodies:
        raise RuntimeError("ordered")
    if "die" in bodies:
        os._exit(3)
    if "stall" in bodies:
        time.sleep(3600)
    if any(body.startswith("slow") for body in bodies):
        time.sleep(0.3)
    failed = [record for record in event["Records"] if record["body"].startswith("fail")]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}
