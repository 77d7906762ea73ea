"""What the parameters under the stack's path have to be, and what to do where they are not.

    rehook/api-key, rehook/api-secret            required
    segment/shared-secrets, segment/tokens       one a line; at least one of the two required
    mode                                         deliver (if absent), pause or dry-run

All mistakes are named at once, each with the command that mends it and never with a value. A byte
order mark at the start of a parameter is nothing: some editors and shells write one.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from segment_rehook.delivery.stack_parameters import Mode, Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

MODE = "mode"


class SecretName(StrEnum):
    """The names of a stack's secrets, below its path in SSM."""

    API_KEY = "rehook/api-key"
    API_SECRET = "rehook/api-secret"  # noqa: S105 — a parameter's name
    SHARED_SECRETS = "segment/shared-secrets"
    TOKENS = "segment/tokens"


LISTS = (SecretName.SHARED_SECRETS, SecretName.TOKENS)
BYTE_ORDER_MARK = "\ufeff"

# What stands in examples and consoles until somebody puts the real one.
_PLACEHOLDER = re.compile(
    r"<.*>|\$?\{.*\}|x{3,}|\*+|\.{3,}|-+|_+|none|null|undefined|"
    r"your[-_ ].*|.*\b(placeholder|change[-_ ]?me|replace[-_ ]?me|todo|tbd|fixme)\b.*",
    re.IGNORECASE | re.DOTALL,
)


class ParametersInvalid(ValueError):
    """Parameters are missing or cannot be right; the text names each, and the command to put it."""


def secrets_from(parameters: Mapping[str, str], path: str) -> tuple[Secrets, list[str]]:
    """Secrets from values by name, and warnings for the log. Raises ParametersInvalid."""
    stack = path.rpartition("/")[2]
    values = {name: parameters.get(name, "") for name in SecretName}
    mistakes = [
        f"{name} {mistake}: {_command(name, stack)}"
        for name, value in values.items()
        for mistake in mistakes_in(name, value)
    ]
    shared, tokens = (
        tuple(dict.fromkeys(line for _, line in numbered_lines(values[name]))) for name in LISTS
    )
    if not shared and not tokens:
        mistakes.append(
            f"Neither {' nor '.join(LISTS)} is set, so nobody may send: "
            + _command(SecretName.SHARED_SECRETS, stack)
        )
    if mistakes:
        raise ParametersInvalid(f"Under {path}: " + " ".join(mistakes))
    mode, warnings = mode_from(parameters.get(MODE), path)
    return (
        Secrets(
            api_key=_bare(values[SecretName.API_KEY]),
            api_secret=_bare(values[SecretName.API_SECRET]),
            shared_secrets=shared,
            tokens=tokens,
            mode=mode,
        ),
        warnings,
    )


def mistakes_in(name: str, value: str) -> list[str]:
    """Why a secret's value cannot be right; each text follows the name and shows no value.

    A list may be empty, if the other one is not.
    """
    if name not in LISTS:
        return _mistake_in_half_a_pair(name, _bare(value))
    return [
        f"holds a placeholder in line {number}"
        for number, line in numbered_lines(value)
        if _PLACEHOLDER.fullmatch(line)
    ]


def numbered_lines(value: str) -> list[tuple[int, str]]:
    """A list's lines without the blanks around them, empty ones left out, each with its number."""
    lines = enumerate(value.removeprefix(BYTE_ORDER_MARK).split("\n"), 1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def mode_from(value: str | None, path: str) -> tuple[Mode, list[str]]:
    """The mode that a text (None: there is none) comes to, and warnings.

    An unknown mode pauses: everything is kept, and nothing happens that was not asked for.
    """
    if value is None:
        return Mode.DELIVER, []
    name = _bare(value).lower()
    if name in {*Mode}:
        return Mode(name), []
    warning = (
        f"{MODE} is none of {', '.join(Mode)}: events are stored and not delivered until it is. "
        f"Put it with `aws ssm put-parameter --name {path}/{MODE} --type String --overwrite "
        "--value deliver`."
    )
    return Mode.PAUSE, [warning]


def _mistake_in_half_a_pair(name: str, value: str) -> list[str]:
    """What is wrong with one half of the key pair, which goes into an HTTP Basic header."""
    if not value:
        return ["is missing"]
    if _PLACEHOLDER.fullmatch(value):
        return ["holds a placeholder"]
    if not value.isprintable():
        return ["has a line break, control character or invisible character in it"]
    if not _latin_1(value):
        return ["has a character that HTTP Basic cannot carry (copied from a formatted page?)"]
    if name == SecretName.API_KEY and ":" in value:
        return ["has a colon in it, where HTTP Basic ends the user name (key and secret in one?)"]
    return []


def _bare(value: str) -> str:
    return value.removeprefix(BYTE_ORDER_MARK).strip()


def _latin_1(value: str) -> bool:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _command(name: str, stack: str) -> str:
    return f"put it with `segment-rehook secrets put --stack {stack} {name}`."
