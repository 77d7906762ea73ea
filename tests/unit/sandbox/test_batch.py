"""Which messages an event source mapping deletes after an invocation."""

from __future__ import annotations

import pytest

from tools.sandbox.batch import settled
from tools.sandbox.runtime_api import InvocationResult

IDS = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("payload", "deleted"),
    [
        (b"", "abc"),
        (b"null", "abc"),
        (b"{}", "abc"),
        (b'{"batchItemFailures": []}', "abc"),
        (b'{"batchItemFailures": null}', "abc"),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', "ac"),
        (b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}', "b"),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', ""),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', ""),
        (b'{"batchItemFailures": [{"itemIdentifier": "z"}]}', ""),
        (b'{"batchItemFailures": [{"wrong": "a"}]}', ""),
        (b'{"batchItemFailures": "a"}', ""),
        (b"no json", ""),
        (b'"text"', ""),
    ],
)
def test_partial_responses(payload: bytes, deleted: str) -> None:
    """Each form of answer that AWS documents has the documented meaning."""
    assert settled(IDS, InvocationResult(payload), partial_responses=True) == set(deleted)


def test_without_partial_responses_an_answer_settles_all() -> None:
    """A mapping without partial responses deletes all messages, whatever the answer is."""
    payload = b'{"batchItemFailures": [{"itemIdentifier": "b"}]}'
    assert settled(IDS, InvocationResult(payload), partial_responses=False) == set(IDS)


def test_a_failed_invocation_settles_nothing() -> None:
    """After an error, a time-out or a crash no message of the batch is deleted."""
    assert settled(IDS, InvocationResult(b"{}", failed=True), partial_responses=True) == set()
