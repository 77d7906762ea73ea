"""SQS's limits on a message, as its API reference and its quotas page state them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segment_rehook.delivery.queues.transport import Outgoing

# They are not the bridge's own constants, so that a test finds an error in those.
MAX_BYTES = 1024 * 1024
MAX_BATCH_ENTRIES = 10
MAX_ATTRIBUTES = 10
MAX_WAIT_SECONDS = 20.0

_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_TEXT = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_NAME = re.compile(r"(?!(?i:aws\.|amazon\.))(?!\.)(?!.*\.\.)[A-Za-z0-9_\-.]{1,256}(?<!\.)")


def octets(message: Outgoing) -> int:
    """Return the bytes that count: the body, and each attribute's name, type and value."""
    texts = [message.body]
    for name, value in message.attributes.items():
        texts += [name, "String", value]
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def too_long(messages: Iterable[Outgoing]) -> bool:
    """Whether SQS refuses these messages in one call (BatchRequestTooLong) and stores none."""
    return sum(map(octets, messages)) > MAX_BYTES


def takes(message: Outgoing) -> bool:
    """Whether SQS accepts this message as one entry of a batch."""
    return (
        octets(message) <= MAX_BYTES
        and _ID.fullmatch(message.group) is not None
        and _ID.fullmatch(message.dedupe) is not None
        and _TEXT.fullmatch(message.body) is not None
        and len(message.attributes) <= MAX_ATTRIBUTES
        and all(_NAME.fullmatch(name) for name in message.attributes)
        and all(_TEXT.fullmatch(value) for value in message.attributes.values())
    )
