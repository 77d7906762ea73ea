"""What the figures were measured on, as far as a reader needs it to judge them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.bench import cores
from tools.bench.workers import CHECKOUT, node_missing

if TYPE_CHECKING:
    from tools.bench.bench import Scale


def described(scale: Scale) -> dict[str, Any]:
    """Processor, cores, versions, and how much was measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "cores": len(cores.ALL),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "node": None if node_missing() else _node(),
        "segment": _segment(),
        "rounds": scale.rounds,
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _node() -> str:
    return subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _segment() -> str:
    lock = json.loads((CHECKOUT / "tests" / "conformance" / "package-lock.json").read_text())
    name = "@segment/action-destinations"
    return f"{name} {lock['packages'][f'node_modules/{name}']['version']}"
