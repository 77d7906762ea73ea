"""A function that also reports on its own version, to the check before a deployment.

Only who may invoke the function can ask for the report: {"versionCheck": {"samples": [event, …]}}.
API Gateway and the event source give the function other members only, whatever a request contains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.version_check import VersionCheck

VERSION_CHECK = "versionCheck"


@dataclass(frozen=True, slots=True)
class CheckedHandler:
    """`handler`, with the report of `check` beside it. Both have Lambda's signature."""

    handler: Callable[[dict[str, Any], Any], dict[str, Any]]
    check: VersionCheck

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Handle one event: an object, unless a person sent it. `context`: Lambda's object."""
        if isinstance(event, dict) and VERSION_CHECK in event:
            return self.check.report(event[VERSION_CHECK]["samples"])
        return self.handler(event, context)
