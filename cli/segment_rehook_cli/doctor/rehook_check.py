"""Whether Rehook accepts the stack's key pair: its check-auth, called from this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.parameters import BYTE_ORDER_MARK, SecretName, mistakes_in
from segment_rehook_cli.doctor.check_result import finding, ok, skipped

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_key_pair"]

SECONDS: Final = 10.0
PAIR: Final = (SecretName.API_KEY, SecretName.API_SECRET)


def check_key_pair(subject: Subject) -> Iterator[CheckResult]:
    """Ask Rehook. The functions call it from elsewhere, so what they see may differ."""
    from segment_rehook.rehook.client import RehookClient  # noqa: PLC0415 — slow; few need it

    values = [subject.parameters[name].value if name in subject.parameters else "" for name in PAIR]
    if any(mistakes_in(name, value) for name, value in zip(PAIR, values, strict=True)):
        yield skipped("there is no key pair that could be tried: see the parameters")
        return
    key, secret = (value.removeprefix(BYTE_ORDER_MARK).strip() for value in values)
    url = subject.stack.parameters.get("RehookUrl", "")
    try:
        client = RehookClient(url, lambda: (key, secret), connections=1)
    except ValueError as error:
        yield finding(
            f"the stack's parameter RehookUrl can't be used: {error}",
            subject.deploy("RehookUrl=https://api.rehook.ai"),
        )
        return
    try:
        accepted = client.credentials_good(timeout=SECONDS)
    finally:
        client.close()
    if accepted:
        yield ok(f"{url} accepts it")
    elif accepted is False:
        yield finding(
            f"{url} refuses it: events are stored until the right one is put",
            subject.command(f"secrets put {' '.join(PAIR)}"),
        )
    else:
        yield finding(
            f"{url} gave no clear answer within {SECONDS:.0f} s: it is down, or can't be reached "
            "from this machine",
            subject.command("doctor --alarm RehookFails"),
        )
