"""No two different ids share an event key, whatever they begin with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.ids import business_key, event_key
from segment_rehook.segment.event import Event
from segment_rehook.segment.jsontext import encode

TEXTS = st.text(min_size=1, max_size=120)


def key_of(message_id: str) -> str | None:
    """The key of an event with that messageId."""
    return event_key(Event.parse(encode({"messageId": message_id})))


@given(TEXTS, TEXTS)
def test_different_ids_have_different_keys(one: str, other: str) -> None:
    """What begins like a derived key is no exception, nor is a business key with that text."""
    texts = {start + text for start in ("", "k:", "h:", "s:", "sha256:") for text in (one, other)}
    keys = {key_of(text) for text in texts} | {business_key(text) for text in texts}
    assert len(keys) == 2 * len(texts)


@given(TEXTS)
def test_a_key_can_not_be_sent_as_an_id(text: str) -> None:
    """Who writes another event's derived key as messageId gets a key of their own."""
    event = Event.parse(encode({"messageId": text}))
    derived = [business_key(text), event_key(event), event.message_id]
    for written in derived:
        if written is not None and written != text:
            assert key_of(written) not in derived
