"""What the console works on: the sandbox, its recording, and its stack as the commands see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segment_rehook.rehook.destination import Destination, load
from segment_rehook_cli.stack.deployed import DeployedFile, find_deployed
from segment_rehook_cli.stack.stack import Location, Stack, look_up
from tools.sandbox.description import environment

if TYPE_CHECKING:
    from pathlib import Path

    from segment_rehook_cli.why.ledger_records import LedgerClient
    from tools.console.recording import Recording
    from tools.sandbox import Sandbox

__all__ = ["ConsoleSubject"]


@dataclass(frozen=True, slots=True)
class ConsoleSubject:
    """The sandbox, and what the console has seen of it. ``stack``: for the commands' own code.

    ``candidate``: the file that holds the destination that was applied last.
    """

    box: Sandbox
    recording: Recording
    stack: Stack = field(repr=False)
    candidate: Path

    @classmethod
    def of(cls, box: Sandbox, recording: Recording) -> ConsoleSubject:
        """Look the sandbox's stack up, as ``--sandbox`` does."""
        variables = environment(box.aws.api_url, box.control_url)
        stack = look_up(box.stack.name, Location.of_environment(variables))
        return cls(box, recording, stack, box.scratch / "console.json")

    @property
    def ledger(self) -> LedgerClient:
        """The client with which the ledger is read."""
        client: Any = self.box.dynamodb  # the stubs type each argument, the protocol none
        ledger: LedgerClient = client
        return ledger

    def deployed(self) -> DeployedFile:
        """Read the destination file that the functions run on. Raises what AWS's calls raise."""
        return find_deployed(self.stack)

    def destination(self) -> Destination:
        """Load the destination that the functions run on."""
        return load(self.deployed().content)

    def reload(self, content: bytes) -> tuple[Path, list[str]]:
        """Let the functions run on another destination file; the checkout's own stays as it is.

        Raises DestinationRefused and FunctionBroken.
        """
        self.candidate.write_bytes(content)
        return self.box.reload(self.candidate)
