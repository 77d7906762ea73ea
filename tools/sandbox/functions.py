"""All functions of the stack, and the destination.json that they run on."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tools.sandbox.artefacts import merge_layers, runtime_folder
from tools.sandbox.destination import (
    OPT,
    DestinationFiles,
    DestinationRefused,
    read_destination,
)
from tools.sandbox.environment import EnvironmentContext
from tools.sandbox.function import Function, FunctionBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tools.sandbox.logs import Log
    from tools.sandbox.processes import ProcessGroup
    from tools.sandbox.template import FunctionSpec


class Functions(Mapping[str, Function]):
    """The functions by their logical ids.

    ``aws_url``, ``rehook_url``: where they find AWS and Rehook. ``limit``: the highest number of
    processes of each function. ``destination``: the destination.json to run on, or None for the
    one in their layer. Raises DestinationRefused.
    """

    def __init__(
        self,
        specs: Iterable[FunctionSpec],
        *,
        group: ProcessGroup,
        log: Log,
        aws_url: str,
        rehook_url: str,
        limit: int,
        destination: Path | None,
    ) -> None:
        self._functions: dict[str, Function] = {}
        self._destination = destination
        self._reloading = threading.Lock()
        runtime = runtime_folder(group.scratch / "runtime")
        files = []
        for spec in specs:
            opt = merge_layers(spec.layers, group.scratch / f"opt-{spec.name}")
            variables = spec.environment
            if variables.get("DESTINATION_FILE", "").startswith(OPT):
                files.append(opt / variables["DESTINATION_FILE"].removeprefix(OPT))
            if "REHOOK_URL" in variables:
                variables = variables | {"REHOOK_URL": rehook_url}
            context = EnvironmentContext(group, log, aws_url, opt, runtime)
            here = dataclasses.replace(spec, environment=variables)
            self._functions[spec.name] = Function(here, context, limit)
        self._files = DestinationFiles(files)
        if destination is not None:
            self._files.put(read_destination(destination)[0])

    def __getitem__(self, logical_id: str) -> Function:
        return self._functions[logical_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def start(self) -> None:
        """Start one environment of each function. Raises FunctionBroken."""
        for function in self.values():
            function.start()

    def reload(self, destination: Path | None) -> tuple[Path, list[str]]:
        """Run on what a destination.json says now; None means the file that was used last.

        Returns the file and the ids of its subscriptions. Events that are being processed end with
        the old rules. Raises DestinationRefused and FunctionBroken; then nothing has changed.
        """
        with self._reloading:
            file = destination or self._destination
            if file is None:
                raise DestinationRefused(
                    "it was started without a destination file; name one with --destination"
                )
            text, subscriptions = read_destination(file)
            before = self._files.put(text)
            try:
                self._renew()
            except FunctionBroken:
                self._files.put_back(before)
                self._renew()
                raise
            self._destination = file
            return file, subscriptions

    def files(self) -> dict[str, str]:
        """The destination.json that they run on, by its name, unless it is their layer's."""
        return self._files.read() if self._destination is not None else {}

    def _renew(self) -> None:
        for function in self.values():
            function.renew()

    def close(self) -> None:
        """End every process, whatever it does at the moment. A second call changes nothing."""
        for function in self.values():
            function.close()
