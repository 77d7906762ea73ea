"""The whole bridge on one machine, without Docker and without an AWS account.

See ``docs/sandbox.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.sandbox.faults import Fault, Kind

if TYPE_CHECKING:
    from tools.sandbox.sandbox import Sandbox

__all__ = ["Fault", "Kind", "Sandbox"]


def __getattr__(name: str) -> object:
    # It is imported on first use: the stand-in servers of this package need none of its imports.
    if name == "Sandbox":
        from tools.sandbox.sandbox import Sandbox  # noqa: PLC0415 — see above

        return Sandbox
    raise AttributeError(name)
