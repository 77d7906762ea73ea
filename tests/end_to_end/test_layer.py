"""What the built layer brings along, asked of a Python that has nothing else."""

from __future__ import annotations

import subprocess
import sys

from tools.sandbox.build import BUILT, build

LOCAL_HOUR = """
from segment_rehook.mapping.mapping import compile_mapping
hour = {"@liquid": "{{ '2026-07-01T10:00:00Z' | date: '%H', 'Europe/Berlin' }}"}
print(compile_mapping({"hour": hour})({}))
"""


def test_time_zones_need_none_of_the_systems_data() -> None:
    """Liquid's dates know time zones where the system has no database of them."""
    build()
    layer = BUILT.parent / "BridgeLayer" / "python"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", LOCAL_HOUR],
        env={"PYTHONPATH": str(layer), "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == "{'hour': '12'}", ran.stderr
