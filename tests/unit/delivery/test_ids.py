"""The names of deliveries, groups and deduplication ids."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery import ids
from segment_rehook.segment.event import Event
from segment_rehook.segment.jsontext import JSON, encode

names = st.text(min_size=1, max_size=130) | st.sampled_from(
    ["k:1", "h:1", "s:1", "m:track", "k:h:1", "1", ":", "k:", "é", "a" * 100, "a" * 101]
)
subscriptions = st.text(
    st.characters(exclude_characters=":", exclude_categories=["C"]), min_size=1, max_size=20
)
FOR_SQS = set(string.ascii_letters + string.digits + string.punctuation)


def event(**members: JSON) -> Event:
    """An event with these members."""
    return Event.parse(encode({"type": "track", **members}))


KNOWN = {
    "event key of 100 characters": "m" * 100,
    "derived event key": "s:b9d0957a7b2073b0f9a51423a3278c2820cd528655041237e44d66907e6140da",
    "hashed event key": "h:18c991107df45034c04607a844d55f469006423a90582eea0b255e7fc899b6ee",
    "hashed business key": "k:h:cddba1cf85cfedd51a3fee15299733ce72ee2132f0599e2b28acde46d44a2f77",
    "fingerprint": "006ec148370aa3c0fa890c43fe153478",
    "fingerprint under a business key": "92e828ed997dcbec2d903d7b2b92a945"
    ".006ec148370aa3c0fa890c43fe153478",
    "user": "ccca1e38b516430e201a397e0903ab5e8347e78b18f9ab791f5a555ebe3dba34",
    "group of a delivery": "c3375882f30af91479503b1fbb563e5ecaca2ea5e710610cc4e04cdc1fbc838e",
    "dead letter": "12663818408299b50d1d9ffc2685ec0acb6ee96132a38dfed0845e5615eff417",
    "parked": "24ab104268ab9bedc8eba14e19014b81bce2979ed6171d936504405d89f95cf9",
    "conflict": "53de5faccbde8aae6c3fc8d19514960f30fbd2e8f25daa7bea08b3b1d8db40dc",
    "sent back": "0eaafdcdb5b53a427107527973222cc1d8a9c16ca9681f6c7bd123f5217dc080",
}


def test_names_stay_as_they_are() -> None:
    """The names of deliveries, groups and messages are those of the version before.

    Records and marks live for weeks: an event under a new name would be delivered twice, and a user
    under a new one would overtake what waits. For minutes the same goes for SQS's ids.
    """
    sample = event(
        event="Signed Up", userId="u1", properties={"plan": "pro"}, timestamp="t", sentAt="s"
    )

    assert {
        "event key of 100 characters": ids.event_key(event(messageId="m" * 100)),
        "derived event key": ids.event_key(sample),
        "hashed event key": ids.event_key(event(messageId="k:7")),
        "hashed business key": ids.business_key("7" * 101),
        "fingerprint": ids.fingerprint(sample, by_business_key=False),
        "fingerprint under a business key": ids.fingerprint(sample, by_business_key=True),
        "user": ids.user_hash("u1"),
        "group of a delivery": ids.delivery_group("m1:track"),
        "dead letter": ids.dead_letter_dedupe("m1:track", "content", "nonce"),
        "parked": ids.parked_dedupe("m1:track", 3),
        "conflict": ids.conflict_dedupe("message"),
        "sent back": ids.sent_back_dedupe("message"),
    } == KNOWN


def key_of(message_id: str) -> str | None:
    """The key of an event with that messageId."""
    return ids.event_key(event(messageId=message_id))


@given(names, names)
def test_different_ids_have_different_keys(one: str, other: str) -> None:
    """Different ids have different keys, also ids that begin as a derived key does."""
    texts = {start + text for start in ("", "k:", "h:", "s:", "sha256:") for text in (one, other)}
    keys = {key_of(text) for text in texts} | {ids.business_key(text) for text in texts}
    assert len(keys) == 2 * len(texts)


@given(names)
def test_a_key_can_not_be_sent_as_an_id(text: str) -> None:
    """A messageId that spells another event's derived key gets a different key."""
    nameless = ids.event_key(event(timestamp=text))
    derived = [ids.business_key(text), key_of(text), event(messageId=text).message_id, nameless]
    for written in derived:
        if written is not None and written != text:
            assert key_of(written) not in derived


@given(names, subscriptions)
def test_a_deliverys_id_can_be_undone(name: str, subscription: str) -> None:
    """The subscription is the part of a delivery's id behind the last colon."""
    delivery = ids.delivery_id(ids.business_key(name), subscription)

    assert ids.subscription_of(delivery) == subscription


@given(names, subscriptions)
def test_a_deliverys_id_tells_of_its_business_key(name: str, subscription: str) -> None:
    """No messageId passes for a business key, also one that spells it."""
    key = key_of(name)

    assert ids.has_business_key(ids.delivery_id(ids.business_key(name), subscription))
    assert key is None or not ids.has_business_key(ids.delivery_id(key, subscription))


@given(names)
def test_a_key_is_short_printable_ascii(name: str) -> None:
    """A key is short printable ASCII, as a table's key, SQS attributes and log lines need it."""
    key = ids.business_key(name)

    assert key.isascii()
    assert key.isprintable()
    assert len(key) <= 110


def test_without_a_message_id_the_event_names_itself() -> None:
    """Without a messageId the key is made of the event, without the times that a retry changes."""
    first = event(timestamp="t", event="E", sentAt="1", receivedAt="1")
    again = event(timestamp="t", event="E", sentAt="2", receivedAt="2")
    other = event(timestamp="t2", event="E", sentAt="1", receivedAt="1")

    assert ids.event_key(first) == ids.event_key(again)
    assert ids.event_key(first) != ids.event_key(other)
    assert (ids.event_key(first) or "").startswith("s:")


def test_without_message_id_and_timestamp_there_is_no_key() -> None:
    """An event with neither messageId nor timestamp has no key.

    Two of them could be one event that was sent twice, or two events.
    """
    assert ids.event_key(event(event="E")) is None
    assert ids.event_key(event(event="E", timestamp=None)) is None


@given(st.lists(st.tuples(names, names, names), min_size=2, unique=True))
def test_deduplication_ids_differ_with_each_of_their_parts(
    parts: list[tuple[str, str, str]],
) -> None:
    """Two deduplication ids differ when any of their parts do, wherever the parts are cut."""
    made = {ids.dead_letter_dedupe(*each) for each in parts}

    assert len(made) == len(parts)


def test_the_kinds_of_deduplication_ids_are_apart() -> None:
    """Waiting, parked and conflicting messages have deduplication ids that are never alike."""
    made: list[Any] = [
        ids.dead_letter_dedupe("d", "c", ""),
        ids.dead_letter_dedupe("d", "c", "n"),
        ids.parked_dedupe("d", 1),
        ids.parked_dedupe("d", 2),
        ids.conflict_dedupe("d"),
        ids.sent_back_dedupe("d"),
        ids.delivery_group("d"),
        ids.user_hash("d"),
    ]

    assert len(set(made)) == len(made)


@given(names, st.integers(0, 10**9))
def test_sqs_takes_every_id(name: str, epoch: int) -> None:
    """Every id has at most 128 characters, all of them ASCII without spaces, as SQS wants it."""
    for made in (
        ids.dead_letter_dedupe(name, name, name),
        ids.parked_dedupe(name, epoch),
        ids.conflict_dedupe(name),
        ids.delivery_group(name),
        ids.user_hash(name),
    ):
        assert len(made) <= 128
        assert set(made) <= FOR_SQS


def test_a_fingerprint_is_of_the_event_as_it_was_sent() -> None:
    """A fingerprint changes with type, event, user and payload, and not with spelling or times."""
    of: dict[str, JSON] = {"event": "E", "userId": "u", "properties": {"a": 1, "b": 2}}
    first = ids.fingerprint(event(**of, sentAt="1"), by_business_key=False)

    def changed(**members: JSON) -> str:
        return ids.fingerprint(event(**{**of, **members}), by_business_key=False)

    assert first == changed(properties={"b": 2, "a": 1}, sentAt="2")
    assert first != changed(event="F")
    assert first != changed(userId="v")
    assert first != changed(properties={"a": 1})
    assert first != changed(type="identify")
    assert first != changed(traits={})


def test_under_a_business_key_the_payload_makes_no_other_event() -> None:
    """Under a business key another payload is the same event, and the difference can be seen.

    A reloaded page has another URL, and is the same order.
    """
    first = event(userId="u", properties={"order": 1, "url": "a"})
    again = event(userId="u", properties={"order": 1, "url": "b"})
    stranger = event(userId="v", properties={"order": 1, "url": "a"})

    def fingerprint(of: Event) -> str:
        return ids.fingerprint(of, by_business_key=True)

    assert ids.same_event(fingerprint(first), fingerprint(again))
    assert fingerprint(first) != fingerprint(again)
    assert not ids.same_event(fingerprint(first), fingerprint(stranger))


def test_a_business_keys_fingerprint_from_before_payloads_counted_is_known() -> None:
    """A fingerprint without the payload, as an earlier version wrote it, is of the same event."""
    now = ids.fingerprint(event(userId="u", properties={"order": 1}), by_business_key=True)

    assert ids.same_event(now.partition(".")[0], now)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_any_payload_has_a_fingerprint(payload: JSON) -> None:
    """Any payload has a fingerprint: numbers beyond a double, lone surrogates and NaN too."""
    assert len(ids.fingerprint(event(properties=payload), by_business_key=False)) == 32


def test_a_number_of_thousands_of_digits_has_a_fingerprint() -> None:
    """A number of thousands of digits has a fingerprint, though Python refuses to print it."""
    digits = b"1" * 5_000
    parsed = Event.parse(b'{"type":"track","properties":{"n":' + digits + b"}}")

    assert len(ids.fingerprint(parsed, by_business_key=False)) == 32
