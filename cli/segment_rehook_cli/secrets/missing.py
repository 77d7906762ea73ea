"""Which secrets a stack lacks: one judgement, for `secrets status` and for `doctor`."""

from __future__ import annotations

from collections.abc import Container, Iterator

from segment_rehook.aws.parameters import LISTS, SecretName

__all__ = ["missing_secrets"]


def missing_secrets(there: Container[str]) -> Iterator[tuple[SecretName, str]]:
    """Give each secret that has to be put, and what follows from its lack, to be said of it.

    One of the two lists is enough. `there`: the names of the secrets that the stack has.
    """
    for name in (SecretName.API_KEY, SecretName.API_SECRET):
        if name not in there:
            yield name, "is missing"
    if not any(name in there for name in LISTS):
        yield (
            SecretName.SHARED_SECRETS,
            f"is missing, and so is {SecretName.TOKENS}: nobody may send",
        )
    if SecretName.USER_KEY not in there:
        yield SecretName.USER_KEY, "is missing, so the log names no users"
