"""What the parameters under the stack's path have to be, and what to do where they are not.

    rehook/api-key, rehook/api-secret            required
    segment/shared-secrets, segment/tokens       one a line; at least one of the two required
    mode                                         deliver (if absent), pause or dry-run

All mistakes are named at once, each with the command that mends it and never with a value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segment_rehook.delivery.stack_parameters import Mode, Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

API_KEY = "rehook/api-key"
API_SECRET = "rehook/api-secret"  # noqa: S105 — a parameter's name
SHARED_SECRETS = "segment/shared-secrets"
TOKENS = "segment/tokens"
MODE = "mode"

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
    mistakes: list[str] = []
    for name in (API_KEY, API_SECRET):
        mistakes += _mistake(name, parameters.get(name, "").strip(), stack)
    shared, tokens = (_lines(parameters.get(name, "")) for name in (SHARED_SECRETS, TOKENS))
    if not shared and not tokens:
        mistakes.append(
            f"Neither {SHARED_SECRETS} nor {TOKENS} is set, so nobody may send: "
            + _command(SHARED_SECRETS, stack)
        )
    for name, lines in ((SHARED_SECRETS, shared), (TOKENS, tokens)):
        mistakes += [
            f"{name} holds a placeholder in line {number}: {_command(name, stack)}"
            for number, line in enumerate(lines, 1)
            if _PLACEHOLDER.fullmatch(line)
        ]
    if mistakes:
        raise ParametersInvalid(f"Under {path}: " + " ".join(mistakes))
    mode, warnings = _mode(parameters.get(MODE), path)
    return (
        Secrets(
            api_key=parameters[API_KEY].strip(),
            api_secret=parameters[API_SECRET].strip(),
            shared_secrets=shared,
            tokens=tokens,
            mode=mode,
        ),
        warnings,
    )


def _mistake(name: str, value: str, stack: str) -> list[str]:
    """What is wrong with one half of the key pair, which goes into an HTTP Basic header."""
    if not value:
        wrong = "is missing"
    elif _PLACEHOLDER.fullmatch(value):
        wrong = "holds a placeholder"
    elif not value.isprintable():
        wrong = "has a line break or control character in it"
    elif not _latin_1(value):
        wrong = "has a character that HTTP Basic cannot carry (copied from a formatted page?)"
    elif name == API_KEY and ":" in value:
        wrong = "has a colon in it, which ends the user name in HTTP Basic (key and secret in one?)"
    else:
        return []
    return [f"{name} {wrong}: {_command(name, stack)}"]


def _mode(value: str | None, path: str) -> tuple[Mode, list[str]]:
    """An unknown mode pauses: everything is kept, and nothing happens that was not asked for."""
    if value is None:
        return Mode.DELIVER, []
    name = value.strip().lower()
    if name in {*Mode}:
        return Mode(name), []
    warning = (
        f"{MODE} is none of {', '.join(Mode)}: events are stored and not delivered until it is. "
        f"Put it with `aws ssm put-parameter --name {path}/{MODE} --type String --overwrite "
        "--value deliver`."
    )
    return Mode.PAUSE, [warning]


def _lines(value: str) -> tuple[str, ...]:
    lines = (line.strip() for line in value.split("\n"))
    return tuple(dict.fromkeys(line for line in lines if line))


def _latin_1(value: str) -> bool:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _command(name: str, stack: str) -> str:
    return f"put it with `segment-rehook secrets put --stack {stack} {name}`."
