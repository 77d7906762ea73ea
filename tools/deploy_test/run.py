"""What the steps of one run share: the place, its stacks, and values from earlier steps."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tools.deploy_test.stack import Stack

if TYPE_CHECKING:
    from tools.deploy_test.place import Place


class Run:
    """One run. `stack` has the README's stack name; `second` is `dev` of samconfig.toml."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.stack = Stack(place, "segment-rehook", secrets.token_hex(32))
        self.second = Stack(place, "segment-rehook-dev", secrets.token_hex(32))
        self.broken = Stack(place, "segment-rehook-broken", secrets.token_hex(32))
        self.token = secrets.token_hex(32)
        self.left_behind: dict[str, str] = {}
        self.rehook_parameter = f"RehookUrl={place.rehook.url}"

    def deploy(self, *arguments: str) -> None:
        """Run `sam deploy`, with Enter at each prompt."""
        self.place.answer("sam", "deploy", *arguments, answers={})

    def delete(self, stack: Stack) -> None:
        """Run `sam delete` as the documentation says, with yes at each prompt."""
        self.place.answer("sam", "delete", "--stack-name", stack.name, answers={"?": "y"})

    def set_parameter(self, name: str, old: str, new: str) -> None:
        """Change a parameter's value in the file that `sam deploy --guided` wrote."""
        quote = r'(\\?"|)'
        self.place.edit("samconfig.toml", rf"{name}={quote}{old}\1", rf"{name}=\g<1>{new}\g<1>")
