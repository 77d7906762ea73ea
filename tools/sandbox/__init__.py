"""The whole bridge on one machine: no Docker, no AWS account. See ``docs/sandbox.md``."""

from tools.sandbox.faults import Fault, Kind
from tools.sandbox.sandbox import Sandbox

__all__ = ["Fault", "Kind", "Sandbox"]
