"""What the steps of one run share: the testbed, its stacks, and values for later steps."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tools.deploy_test.stack import EmulatedStack

if TYPE_CHECKING:
    from tools.deploy_test.testbed import Testbed


class DeployRun:
    """One run. `stack` has the name that the README uses; `second` is `dev` in samconfig.toml.

    `broken`: a stack whose first create fails. `left_behind`: outputs of a stack that was deleted.
    """

    def __init__(self, testbed: Testbed) -> None:
        self.testbed = testbed
        self.stack = EmulatedStack(testbed, "segment-rehook", secrets.token_hex(32))
        self.second = EmulatedStack(testbed, "segment-rehook-dev", secrets.token_hex(32))
        self.broken = EmulatedStack(testbed, "segment-rehook-broken", secrets.token_hex(32))
        self.token = secrets.token_hex(32)
        self.left_behind: dict[str, str] = {}
        self.rehook_parameter = f"RehookUrl={testbed.rehook.url}"

    def deploy(self, *arguments: str) -> None:
        """Run `sam deploy`, and press Enter at each prompt."""
        self.testbed.answer("sam", "deploy", *arguments, answers={})

    def delete(self, stack: EmulatedStack) -> None:
        """Run `sam delete`, and answer each question with yes."""
        self.testbed.answer("sam", "delete", "--stack-name", stack.name, answers={"?": "y"})

    def set_parameter(self, name: str, old: str, new: str) -> None:
        """Change a parameter's value in samconfig.toml, where `sam deploy --guided` wrote it."""
        quote = r'(\\?"|)'
        self.testbed.edit("samconfig.toml", rf"{name}={quote}{old}\1", rf"{name}=\g<1>{new}\g<1>")
