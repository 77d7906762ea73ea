"""How ministack's CloudFormation creates resources, and how a correction can check them first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services.cloudformation import provisioners

if TYPE_CHECKING:
    from collections.abc import Callable

Properties = dict[str, Any]
HANDLERS = provisioners._RESOURCE_HANDLERS


def beforehand(kind: str, check: Callable[[Properties], None]) -> None:
    """Call `check` with a resource's properties before it is created; it may raise ValueError."""
    create = HANDLERS[kind]["create"]

    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        check(props)
        return create(logical_id, props, stack_name)

    HANDLERS[kind]["create"] = created
