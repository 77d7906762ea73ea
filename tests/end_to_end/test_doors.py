"""Who gets in: by signature, token or both; what a stolen one opens; what the log then holds."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.end_to_end.conftest import drain, rewards
from tools.events.wrap import wrapped
from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.segment import Reply, Segment, encode, sign
from tools.sandbox.services import API_KEY, API_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Track = Callable[..., dict[str, Any]]

TOKEN = "the-token-of-this-stack"
NAMED_TOKEN = "the-other-token"
BASIC = "Basic " + base64.b64encode(b"segment:of-this-stack").decode()
TOKENS = f"{TOKEN}\nX-Team-Token: {NAMED_TOKEN}\nAuthorization: {BASIC}\n"
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """A stack that knows both kinds of proof, wants the token for batches, and logs all it can."""
    with Sandbox(parameters={"BatchToken": "required", "LogLevel": "DEBUG"}) as box:
        box.put_secret("segment/tokens", TOKENS)
        yield box


@pytest.fixture
def known(box: Sandbox) -> Iterator[Callable[[str, str | None], None]]:
    """Puts secrets for one test, or takes them away; the function starts anew and reads them."""
    usual = {"segment/shared-secrets": box.shared_secret, "segment/tokens": TOKENS}

    def put(name: str, value: str | None) -> None:
        if value is None:
            box.ssm.delete_parameter(Name=box.secret_path(name))
        else:
            box.put_secret(name, value)
        box.kill("IngestFunction")

    yield put
    for name, value in usual.items():
        box.put_secret(name, value)
    box.kill("IngestFunction")


def answered(reply: Reply) -> str | None:
    """The code of a refusal, None where the request was let in."""
    if reply.status == 200:
        return None
    assert reply.status == 401
    assert reply.body["error"]["hint"]
    return str(reply.body["error"]["code"])


def batch(*events: dict[str, Any]) -> bytes:
    """A batch as Segment sends it."""
    return b"[" + b",".join(encode(event) for event in events) + b"]"


@pytest.mark.parametrize(
    "headers",
    [
        BEARER,
        {"authorization": f"bearer {TOKEN}"},
        {"authorization": f"Token {TOKEN}"},
        {"authorization": TOKEN},
        {"authorization": BASIC},
        {"x-team-token": NAMED_TOKEN},
        {"X-TEAM-Token": NAMED_TOKEN},
    ],
)
def test_a_token_lets_in_singles_and_batches(
    box: Sandbox, track: Track, user: str, headers: dict[str, str]
) -> None:
    """A token lets in single events and batches, in each place where Segment can put it."""
    assert answered(box.segment.send_raw(encode(track()), headers)) is None
    assert answered(box.segment.send_raw(batch(track(), track()), headers)) is None
    assert rewards(box, user) == 3


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"authorization": "Bearer the-token-of-another-stack"}, "token_wrong"),
        ({"authorization": f"Bearer {TOKEN}x"}, "token_wrong"),
        ({"authorization": f"Bearer {TOKEN[:-1]}"}, "token_wrong"),
        ({"authorization": "Bearer "}, "token_wrong"),
        ({"authorization": f"Bearer {NAMED_TOKEN}"}, "token_wrong"),
        ({"x-team-token": TOKEN}, "token_wrong"),
        ({"x-team-token": f"Bearer {NAMED_TOKEN}"}, "token_wrong"),
        ({"authorization": BASIC.replace("Basic", "Bearer")}, "token_wrong"),
        ({"x-other": TOKEN}, "credentials_missing"),
        ({}, "credentials_missing"),
    ],
)
def test_another_token_does_not(
    box: Sandbox, track: Track, user: str, headers: dict[str, str], code: str
) -> None:
    """A wrong or misplaced token is answered 401, and nothing is delivered."""
    assert answered(box.segment.send_raw(encode(track()), headers)) == code
    assert answered(box.segment.send_raw(batch(track()), headers)) == code
    assert rewards(box, user) == 0


def test_one_right_proof_does_not_make_up_for_a_wrong_one(box: Sandbox, track: Track) -> None:
    """A wrong signature is refused beside a right token, and a wrong token beside a signature."""
    body = encode(track())
    signature = {"x-signature": sign(box.shared_secret, body)}
    foreign = {"x-signature": sign("of another stack", body)}
    assert answered(box.segment.send_raw(body, BEARER | foreign)) == "signature_wrong"
    wrong = {"authorization": "Bearer wrong"}
    assert answered(box.segment.send_raw(body, signature | wrong)) == "token_wrong"
    assert answered(box.segment.send_raw(body, signature | BEARER)) is None


def test_two_signatures_are_none(box: Sandbox, track: Track) -> None:
    """Two signatures, joined as API Gateway does, are refused, whichever is the right one."""
    body = encode(track())
    right, wrong = sign(box.shared_secret, body), "0" * 40
    for header in (f"{right},{wrong}", f"{wrong},{right}", f"{right}, {right}"):
        reply = box.segment.send_raw(body, {"x-signature": header})
        assert answered(reply) == "signature_malformed"


def test_names_of_headers_come_in_any_case(box: Sandbox, track: Track) -> None:
    """Header names count in upper and lower case, and so do a signature's digits."""
    body = encode(track())
    signature = sign(box.shared_secret, body)
    for name, value in (("X-SIGNATURE", signature), ("x-Signature", signature.upper())):
        headers = {name: value, "CONTENT-Type": "Application/JSON; Charset=UTF-8"}
        assert urllib3.request("POST", box.webhook, body=body, headers=headers).status == 200


def test_a_stolen_first_event_opens_no_batch(box: Sandbox, track: Track, user: str) -> None:
    """With BatchToken=required a signature over the first event does not let a batch in."""
    seen = track()
    assert answered(box.segment.send(seen)) is None
    forged = batch(seen, track(), track())
    reply = box.segment.send_signed(forged, encode(seen))
    assert answered(reply) == "batch_token_missing"
    assert rewards(box, user) == 1


def test_a_vouched_for_batch_is_let_in(box: Sandbox, track: Track, user: str) -> None:
    """A batch is let in by the token, with or without a signature, or by a signature of it all."""
    first, *others = (track() for _ in range(3))
    body = batch(first, *others)
    assert answered(box.segment.send_signed(body, encode(first), BEARER)) is None
    assert answered(box.segment.send_signed(batch(track(), track()))) is None
    assert answered(box.segment.send_raw(batch(track()), BEARER)) is None
    assert rewards(box, user) == 6


def test_without_the_setting_a_first_event_vouches_for_its_batch(
    shared: Sandbox, track: Track, user: str
) -> None:
    """By default a signature over the first event lets its batch in."""
    seen = track()
    assert answered(shared.segment.send_signed(batch(seen, track()), encode(seen))) is None
    assert answered(shared.segment.send_signed(batch(track(), seen), encode(seen))) == (
        "signature_wrong"
    )
    assert rewards(shared, user) == 2


def test_tokens_alone_are_enough(
    box: Sandbox, track: Track, known: Callable[[str, str | None], None]
) -> None:
    """Without shared secrets a token lets in, and a signature is not looked at."""
    known("segment/shared-secrets", None)
    body = encode(track())
    assert answered(box.segment.send_raw(body, BEARER)) is None
    assert answered(box.segment.send_raw(body, BEARER | {"x-signature": "any"})) is None
    assert answered(box.segment.send_signed(body)) == "token_missing"


def test_signatures_alone_are_enough(
    box: Sandbox, track: Track, known: Callable[[str, str | None], None]
) -> None:
    """Without tokens a signature lets in; a batch that needs a token is answered 503."""
    known("segment/tokens", None)
    assert answered(box.segment.send(track())) is None
    assert answered(box.segment.send_raw(encode(track()), BEARER)) == "signature_missing"
    assert box.segment.send_batch([track(), track()]).status == 503


def test_no_request_is_refused_while_the_secret_is_changed(
    box: Sandbox, track: Track, known: Callable[[str, str | None], None]
) -> None:
    """No signed request is refused at any step of a rotation.

    Two secrets are live at once, and a new one is found when a signature by it comes.
    """
    old, new = (Segment(box.webhook, secret) for secret in (box.shared_secret, "the next one"))
    try:
        box.kill("IngestFunction")
        assert answered(old.send(track())) is None
        box.put_secret("segment/shared-secrets", f"{new.secret}\n{old.secret}\n")
        assert answered(new.send(track())) is None
        assert answered(old.send(track())) is None
        box.put_secret("segment/shared-secrets", new.secret)
        assert answered(new.send(track())) is None
        known("segment/shared-secrets", new.secret)
        assert answered(new.send(track())) is None
        assert answered(old.send(track())) == "signature_wrong"
    finally:
        old.close()
        new.close()


def test_refusals_are_counted_and_logged_by_their_code(box: Sandbox, track: Track) -> None:
    """Each refusal has one line and one count by its code, and nothing of the request."""
    since = len(box.log)
    body = encode(track())
    for headers in ({}, {"x-signature": "0" * 40}, {"content-encoding": "gzip", **BEARER}):
        assert box.segment.send_raw(body, headers).status in {400, 401}
    hand_made = wrapped()["ingest-page-viewed.json"] | {"body": "%", "isBase64Encoded": True}
    box.functions["IngestFunction"].invoke(encode(hand_made))

    def refused() -> list[dict[str, Any]]:
        entries = box.log.entries("IngestFunction", since)
        return [entry for entry in entries if entry.get("message") == "request refused"]

    def counted() -> int:
        entries = box.log.entries("IngestFunction", since)
        return sum(entry.get("RequestsRefused", [0])[0] for entry in entries)

    # Not by the invocations' own last lines: an earlier one's may come late.
    box.wait_until(lambda: len(refused()) >= 4 and counted() >= 4)
    assert [(entry["status"], entry["code"]) for entry in refused()] == [
        (401, "credentials_missing"),
        (401, "signature_wrong"),
        (400, "compressed_body"),
        (400, "bad_base64"),
    ]
    assert counted() == 4


@pytest.mark.usefixtures("fresh")
def test_no_log_line_holds_a_secret_a_signature_or_a_person(box: Sandbox, track: Track) -> None:
    """No log line at level DEBUG holds a secret, a signature or a person's data.

    That is so whatever becomes of the request, in either function.
    """
    since = len(box.log)
    person = {"email": "ann@example.com", "name": "Ann Example", "phone": "+1-555-0100"}
    told = {
        *person.values(),
        *(box.shared_secret, TOKEN, NAMED_TOKEN, BASIC.partition(" ")[2]),
        *(API_KEY, API_SECRET, base64.b64encode(f"{API_KEY}:{API_SECRET}".encode()).decode()),
    }

    def event(**members: Any) -> bytes:
        made = track(userId="ann-the-user", properties=person, context={"traits": person})
        return encode({**made, **members})

    def send(body: bytes, headers: dict[str, str] | None = None) -> int:
        signature = sign(box.shared_secret, body)
        told.add(signature)
        return box.segment.send_raw(body, {"x-signature": signature, **(headers or {})}).status

    def send_where(kind: Kind, **fault: Any) -> int:
        box.rehook.fault(Fault(kind=kind, **fault))
        return send(event())

    same = event()
    complaint = '{"code": 400, "message": "ann@example.com is unknown", "key": "Ann Example"}'
    statuses = [
        send(same),
        send(same),
        send(same.replace(b"555", b"666")),
        send(event(userId="")),
        send(event(event={"email": "ann@example.com"})),
        send(event(integrations={"Rehook": False})),
        send(event(type="Ann Example")),
        send(event(messageId=None, timestamp=None)),
        send_where(Kind.ANSWER, status=400, body=complaint),
        send_where(Kind.ANSWER, status=500, body=complaint),
        send_where(Kind.ANSWER, status=429, body=complaint),
        send(b"[" + event() + b',{"email":"ann@example.com" oops}]', BEARER),
    ]
    assert statuses == [200] * len(statuses)
    box.rehook.switch(on=False)
    assert send(event(userId="ben@example.com")) == 200
    assert send(event(properties={"text": "Ann Example" * 100_000})) == 503
    box.rehook.switch(on=True)
    refused = [
        send(b'{"email": "ann@example.com"'),
        send(event(), {"authorization": "Bearer of ann@example.com"}),
        send(event(), {"x-signature": "ann@example.com"}),
        send(event(), {"content-type": "ann@example.com"}),
        send(event(), {"content-encoding": "ann@example.com"}),
        send(batch({"email": "ann@example.com"}, {})),
    ]
    assert refused == [400, 401, 401, 400, 400, 200]
    drain(box)
    lines = [line.text for line in box.log.lines(since=since)]
    assert len(lines) > len(statuses)
    assert [line for line in lines if json.loads(same)["messageId"] in line]
    for word in (*told, "ann-the-user", "ben@example.com"):
        assert not [line for line in lines if word in line]
