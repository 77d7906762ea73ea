"""The state of a rendering, in which a template's variables are looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.mapping.liquid.values import key_text, own, read
from segment_rehook.mapping.values import UNDEFINED

if TYPE_CHECKING:
    from segment_rehook.mapping.values import Value


@dataclass(slots=True)
class Context:
    """The state of one rendering.

    `payload` may be any value, not only an object. `cycles` has the index of the next value of each
    `cycle`. `blocks` is the number of `block` tags that are open.
    """

    payload: Value
    assigned: dict[str, Value] = field(default_factory=dict)
    counters: dict[str, Value] = field(default_factory=dict)
    cycles: dict[str, int] = field(default_factory=dict)
    blocks: int = 0

    def variable(self, name: Value) -> Value:
        """Look a variable up: first the assigned ones, then the counters, then the payload."""
        key = key_text(name)
        if key == "block" and self.blocks:
            return {"super": ""}
        for known in (self.assigned, self.counters):
            if key in known:
                return known[key]
        payload = self.payload
        if isinstance(payload, dict) and payload.get(key, UNDEFINED) is not UNDEFINED:
            return payload[key]
        # LiquidJS looks up an unknown name in an empty object, so that `size` is 0.
        return read({} if own(payload, key) is UNDEFINED else payload, name)
