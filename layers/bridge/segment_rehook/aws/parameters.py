"""Reads the stack's parameters, and names every mistake with the command that corrects it.

    rehook/api-key, rehook/api-secret            required
    segment/shared-secrets, segment/tokens       one a line; at least one of the two required
    logs/user-key                                optional: without it the log names no users
    mode                                         deliver (if absent), pause or dry-run
    cutover                                      optional: a time; earlier events are not delivered

All mistakes are named at once; no text shows a value. A byte order mark at the start of a parameter
is ignored, since some editors and shells write one.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from segment_rehook.delivery.stack_parameters import Mode, Secrets
from segment_rehook.segment.event_time import is_usual, unix_time

if TYPE_CHECKING:
    from collections.abc import Mapping

MODE = "mode"
CUTOVER = "cutover"


class SecretName(StrEnum):
    """The names of a stack's secrets, below its path in SSM."""

    API_KEY = "rehook/api-key"
    API_SECRET = "rehook/api-secret"  # noqa: S105 — a parameter's name
    SHARED_SECRETS = "segment/shared-secrets"
    TOKENS = "segment/tokens"
    USER_KEY = "logs/user-key"


LISTS = (SecretName.SHARED_SECRETS, SecretName.TOKENS)
# Without these nothing can be delivered; one of the two lists may be empty.
REQUIRED = (SecretName.API_KEY, SecretName.API_SECRET, *LISTS)
MIN_USER_KEY_CHARACTERS = 32
BYTE_ORDER_MARK = "\ufeff"

# Texts that examples and consoles have in place of a secret.
_PLACEHOLDER = re.compile(
    r"<.*>|\$?\{.*\}|x{3,}|\*+|\.{3,}|-+|_+|none|null|undefined|"
    r"your[-_ ].*|.*\b(placeholder|change[-_ ]?me|replace[-_ ]?me|todo|tbd|fixme)\b.*",
    re.IGNORECASE | re.DOTALL,
)

_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class ParametersInvalid(ValueError):
    """Parameters are missing or can't be right. The text names each and the command to put it."""


def secrets_from(parameters: Mapping[str, str], path: str) -> tuple[Secrets, list[str]]:
    """Give the secrets and warnings for the log. Raises ParametersInvalid.

    `parameters`: the values by their names below `path`, the stack's path in SSM.
    """
    stack = path.rpartition("/")[2]
    values = {name: parameters.get(name, "") for name in REQUIRED}
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
    cutover, unreadable = cutover_from(parameters.get(CUTOVER), path)
    if unreadable and mode is Mode.DELIVER:
        mode = Mode.PAUSE  # what was stored may have been delivered by the hosted destination
    user_key, more = _user_key_from(parameters.get(SecretName.USER_KEY), stack)
    return (
        Secrets(
            api_key=_stripped(values[SecretName.API_KEY]),
            api_secret=_stripped(values[SecretName.API_SECRET]),
            shared_secrets=shared,
            tokens=tokens,
            mode=mode,
            user_key=user_key,
            cutover=cutover,
        ),
        [*warnings, *unreadable, *more],
    )


def mistakes_in(name: str, value: str) -> list[str]:
    """Say why a secret's value can't be right, in texts that follow its name and show no value.

    One of the two lists may be empty, so an empty list is no mistake here.
    """
    if name == SecretName.USER_KEY:
        return _mistakes_in_user_key(_stripped(value))
    if name not in LISTS:
        return _mistakes_in_credential(name, _stripped(value))
    return [
        f"holds a placeholder in line {number}"
        for number, line in numbered_lines(value)
        if _PLACEHOLDER.fullmatch(line)
    ]


def numbered_lines(value: str) -> list[tuple[int, str]]:
    """Give a list's lines with their numbers, stripped of blanks and without empty lines."""
    lines = enumerate(value.removeprefix(BYTE_ORDER_MARK).split("\n"), 1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def mode_from(value: str | None, path: str) -> tuple[Mode, list[str]]:
    """Give the mode that the parameter says, and warnings. `value`: None if it is absent.

    An unknown mode counts as `pause`: all events are stored and none is delivered.
    """
    if value is None:
        return Mode.DELIVER, []
    name = _stripped(value).lower()
    if name in {*Mode}:
        return Mode(name), []
    warning = (
        f"{MODE} is none of {', '.join(Mode)}: events are stored and not delivered until it is. "
        f"Set it with `segment-rehook mode --stack {path.rpartition('/')[2]} deliver`."
    )
    return Mode.PAUSE, [warning]


def cutover_from(value: str | None, path: str) -> tuple[float | None, list[str]]:
    """Give the time of the cut-over in Unix time, and warnings. `value`: None if it is absent.

    The time must say its zone, since an hour's difference would lose or double events. With a
    warning there is no time, and nothing may be delivered.
    """
    if value is None:
        return None, []
    text = _stripped(value).upper()
    moment = unix_time(text) if _WITH_ZONE.fullmatch(text) else None
    if moment is not None and is_usual(moment):
        return moment, []
    stack = path.rpartition("/")[2]
    warning = (
        f"{CUTOVER} is no time such as 2026-01-15T12:00:00Z: events are stored and not delivered "
        f"until it is. Put it with `segment-rehook cutover --stack {stack} --at TIME`."
    )
    return None, [warning]


def _user_key_from(value: str | None, stack: str) -> tuple[bytes | None, list[str]]:
    """Give the key, and warnings. A key that is missing or bad must stop no delivery."""
    if value is None:
        return None, []
    stripped = _stripped(value)
    warnings = [
        f"{SecretName.USER_KEY} {mistake}, so the log names no users: "
        + _command(SecretName.USER_KEY, stack)
        for mistake in _mistakes_in_user_key(stripped)
    ]
    return None if warnings else stripped.encode(errors="surrogatepass"), warnings


def _mistakes_in_user_key(value: str) -> list[str]:
    """Say why a key can't be right: who can guess it can tell from the log who a user is."""
    if _PLACEHOLDER.fullmatch(value):
        return ["holds a placeholder"]
    if len(value) < MIN_USER_KEY_CHARACTERS:
        return [f"has fewer than {MIN_USER_KEY_CHARACTERS} characters"]
    return []


def _mistakes_in_credential(name: str, value: str) -> list[str]:
    """Say what is wrong with the API key or secret, which must fit an HTTP Basic header."""
    if not value:
        return ["is missing"]
    if _PLACEHOLDER.fullmatch(value):
        return ["holds a placeholder"]
    if not value.isprintable():
        return ["has a line break, control character or invisible character in it"]
    if not _is_latin_1(value):
        return ["has a character that HTTP Basic cannot carry (copied from a formatted page?)"]
    if name == SecretName.API_KEY and ":" in value:
        return ["has a colon in it, where HTTP Basic ends the user name (key and secret in one?)"]
    return []


def _stripped(value: str) -> str:
    return value.removeprefix(BYTE_ORDER_MARK).strip()


def _is_latin_1(value: str) -> bool:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _command(name: str, stack: str) -> str:
    return f"put it with `segment-rehook secrets put --stack {stack} {name}`."
