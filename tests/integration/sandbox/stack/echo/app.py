# ruff: noqa: INP001, T201 — a function of its own, whose output is its log
"""Does what the request's body orders, so that a test can see what the sandbox makes of it."""

from __future__ import annotations

import importlib.util
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import shared  # type: ignore[import-not-found]  # the layer has it

BEATS: list[float] = []
_FILE = Path(os.environ["DESTINATION_FILE"])
DESTINATION = json.loads(_FILE.read_text()) if _FILE.exists() else None
if DESTINATION == {"settings": {"maxEventAgeHours": 13}}:
    raise RuntimeError("ordered at the start")


def beat() -> None:
    """Show by a growing list that this process runs."""
    while True:
        BEATS.append(time.monotonic())
        time.sleep(0.01)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Carry the order out and tell what is seen."""
    order = event.get("body") or ""
    if order == "fail":
        raise RuntimeError("ordered")
    if order == "die":
        os._exit(3)
    if order.startswith("sleep "):
        time.sleep(float(order.split()[1]))
    if order == "beat":
        threading.Thread(target=beat, daemon=True).start()
    if order.startswith("print "):
        print(order.removeprefix("print "))
    if order == "malformed":
        return {"statusCode": "none"}
    print(json.dumps({"order": order[:100], "request": context.aws_request_id}))
    seen = {
        "event": event,
        "process": os.getpid(),
        "greeting": os.environ["GREETING"],
        "words": Path(os.environ["WORDS_FILE"]).read_text(),
        "shared": shared.ORIGIN,
        "rehook": os.environ["REHOOK_URL"],
        "sees_pytest": importlib.util.find_spec("pytest") is not None,
        "remaining": context.get_remaining_time_in_millis(),
        "beats": len(BEATS),
        "destination": DESTINATION,
    }
    return {"statusCode": 200, "body": json.dumps(seen)}
