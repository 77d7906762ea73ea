"""Makes a variant of a built stack: with other variables and another destination.json.

A variant is a folder with links to what was built and with a template of its own, which the sandbox
runs as any other. So the stack's code needs no hook for the crash test.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def variant(
    built: Path, folder: Path, *, variables: Mapping[str, str], destination: Mapping[str, Any]
) -> Path:
    """Make a variant of the template `built` in the empty `folder`, and give its template."""
    for entry in built.parent.iterdir():
        if entry.is_dir():
            (folder / entry.name).symlink_to(entry.resolve())
    own = folder / "destination"
    own.mkdir()
    (own / "destination.json").write_text(json.dumps(destination))
    template = yaml_parse(built.read_text())
    template["Globals"]["Function"]["Environment"]["Variables"].update(variables)
    template["Resources"]["DestinationLayer"]["Properties"]["ContentUri"] = own.name
    placed = folder / built.name
    placed.write_text(json.dumps(template))
    return placed
