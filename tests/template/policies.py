"""The IAM policies that people are given: policies/*.json."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

from tests.template.stack import ROOT, Tree
from tests.template.test_permissions import as_list

NAMES = ("deployer", "operator")
MAX_CHARACTERS = 6_144
"""Of a managed policy, white space not counted: IAM's quotas."""


def text_of(name: str) -> str:
    """A policy's text, as a user fills it in."""
    return (ROOT / "policies" / f"{name}.json").read_text(encoding="utf-8")


def statements(name: str) -> list[Tree]:
    """A policy's statements."""
    found: list[Tree] = json.loads(text_of(name))["Statement"]
    return found


def actions(name: str) -> set[str]:
    """Every action, or pattern of actions, that a policy allows."""
    return {action for each in statements(name) for action in as_list(each["Action"])}


def allows(name: str, action: str) -> bool:
    """Whether a policy allows an action on some resource."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in actions(name))
