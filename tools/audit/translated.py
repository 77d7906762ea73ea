"""Gives template.yaml as CloudFormation gets it, with SAM's resource types translated.

checkov knows SAM's type for a function and not the one for an HTTP API. In template.yaml itself it
would miss the API, its stage and the permissions that SAM adds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tools.sandbox.translation import sam_translator

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"


def translated() -> dict[str, Any]:
    """Translate the template, with default parameters and with made-up places for the code."""
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        for name in resource["Properties"].keys() & {"CodeUri", "ContentUri"}:
            resource["Properties"][name] = "s3://bucket/key"
    declared = template["Parameters"]
    values = {name: said["Default"] for name, said in declared.items() if "Default" in said}
    result: dict[str, Any] = sam_translator(REGION).translate(template, values)
    return result
