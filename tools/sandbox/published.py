"""The published versions of the stack's layers and functions.

Another destination.json publishes a version of the layer that holds it, and of each function that
has this layer, as a deploy does.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tools.sandbox.archive import Archive, archive
from tools.sandbox.intrinsics import ACCOUNT, REGION

if TYPE_CHECKING:
    from datetime import datetime

    from tools.sandbox.aws_stacks import FunctionRecord, LayerRecord, StackRecord


class LayerVersion(msgspec.Struct, frozen=True):
    """A version of a layer. ``replaced``: the texts that stand in place of files in its folder."""

    layer: LayerRecord
    number: int
    created: datetime
    replaced: tuple[tuple[str, str], ...]

    @property
    def layer_arn(self) -> str:
        """The ARN of the layer."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{self.layer.name}"

    @property
    def arn(self) -> str:
        """The ARN of this version."""
        return f"{self.layer_arn}:{self.number}"

    def archive(self) -> Archive:
        """Its files."""
        return archive(self.layer.folder, self.replaced)


class FunctionVersion(msgspec.Struct, frozen=True):
    """A version of a function, with the versions of its layers."""

    function: FunctionRecord
    number: int
    created: datetime
    layers: tuple[LayerVersion, ...]

    def archive(self) -> Archive:
        """Its code."""
        return archive(self.function.code)


class Published:
    """All versions, by the names of layers and functions; the last one is live."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.layers: dict[str, list[LayerVersion]] = {}
        self.functions: dict[str, list[FunctionVersion]] = {}

    def record(self, stack: StackRecord, now: datetime) -> None:
        """Publish what differs from the latest versions."""
        with self._lock:
            for layer in stack.layers:
                replaced = _replaced(stack, layer)
                versions = self.layers.setdefault(layer.name, [])
                if not versions or (versions[-1].layer, versions[-1].replaced) != (layer, replaced):
                    versions.append(LayerVersion(layer, len(versions) + 1, now, replaced))
            for function in stack.functions:
                layers = tuple(self.layers[name][-1] for name in function.layers)
                earlier = self.functions.setdefault(function.name, [])
                if not earlier or (earlier[-1].function, earlier[-1].layers) != (function, layers):
                    earlier.append(FunctionVersion(function, len(earlier) + 1, now, layers))

    def layer_arn(self, logical_id: str) -> str | None:
        """The ARN of the latest version of a layer, by its logical id."""
        for versions in self.layers.values():
            if versions[-1].layer.logical_id == logical_id:
                return versions[-1].arn
        return None


def _replaced(stack: StackRecord, layer: LayerRecord) -> tuple[tuple[str, str], ...]:
    """The files that stand in this layer: where it has one of the name, or else in the last one."""
    return tuple(
        (name, text)
        for name, text in sorted(stack.files.items())
        if layer
        == next(
            (each for each in stack.layers if (Path(each.folder) / name).is_file()),
            stack.layers[-1],
        )
    )
