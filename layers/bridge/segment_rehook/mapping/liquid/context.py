"""What a template is rendered with, and where its variables are looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.mapping.liquid.values import key_text, own, read
from segment_rehook.mapping.values import UNDEFINED

if TYPE_CHECKING:
    from segment_rehook.mapping.values import Value


@dataclass(slots=True)
class Context:
    """The state of one rendering. The payload need not be an object.

    `cycles` holds which of its values each `cycle` gives next, `blocks` how many `block` tags are
    open.
    """

    payload: Value
    assigned: dict[str, Value] = field(default_factory=dict)
    counters: dict[str, Value] = field(default_factory=dict)
    cycles: dict[str, int] = field(default_factory=dict)
    blocks: int = 0

    def variable(self, name: Value) -> Value:
        """Look a variable up: what was assigned, then counters, then the payload."""
        key = key_text(name)
        if key == "block" and self.blocks:
            return {"super": ""}
        for known in (self.assigned, self.counters):
            if key in known:
                return known[key]
        # What is nowhere is looked up in an empty object, which has a size.
        return read({} if own(self.payload, key) is UNDEFINED else self.payload, name)
