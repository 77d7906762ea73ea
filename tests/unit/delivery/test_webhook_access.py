"""Who is let in, and what is answered while secrets or queues are away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from segment_rehook.delivery import ids
from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.segment.jsontext import encode
from segment_rehook.segment.refusal import RefusedAccess
from tests.unit.delivery.samples import TWICE, signature, signed, track
from tests.unit.delivery.world import World
from tools.fakes import rehook
from tools.fakes.secrets import USER_KEY


def error_code(answer: HttpAnswer) -> Any:
    """The error's code; None where there is no error."""
    error = answer.body.get("error", {"code": None})
    assert isinstance(error, dict)
    return error["code"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "signature_missing"),
        ({"x-signature": "0" * 40}, 401, "signature_wrong"),
        ({"x-signature": "é"}, 401, "signature_malformed"),
        ({"x-signature": "0" * 40, "content-encoding": "gzip"}, 400, "compressed_body"),
    ],
)
def test_refusals(headers: dict[str, str], status: int, code: str) -> None:
    """A request that is refused causes no read, no call and no write."""
    world = World()
    answer = world.post(track(), headers=headers)

    assert (answer.status, error_code(answer), answer.headers) == (status, code, {})
    assert not world.rehook.calls
    assert not world.ledger.writes
    assert world.telemetry.counts == {"RequestsRefused": 1}
    assert world.telemetry.warnings == [("request refused", {"status": status, "code": code})]


def test_a_refusal_says_what_is_wrong_and_what_to_do() -> None:
    """A refusal has a code, a message and a hint for whoever sees it in the Event Tester."""
    refused = RefusedAccess("code", "What is wrong.", "What to do.")
    answer = World().ingest().webhook.refuse(refused)

    assert answer.body == {
        "error": {"code": "code", "message": "What is wrong.", "hint": "What to do."}
    }


@pytest.mark.parametrize(
    ("settings", "status", "code"),
    [
        ({}, 200, None),
        ({"batches_need_token": True}, 401, "batch_token_missing"),
        ({"max_body_bytes": 100}, 413, "body_too_large"),
    ],
)
def test_a_stacks_own_rules(settings: dict[str, Any], status: int, code: str | None) -> None:
    """The parameters `BatchToken` and `MaxBodyBytes` decide which requests are let in."""
    world = World()
    world.store_secrets(tokens=("token-1",))
    webhook = replace(world.ingest().webhook, **settings)
    headers, body = signed(track("m1"), track("m2"))
    answer = webhook.handle("POST", headers, body, world.clock.now())

    assert (answer.status, error_code(answer)) == (status, code)


def test_a_body_that_can_never_be_good_is_400() -> None:
    """A body that can't be read is answered 400, so that Segment does not send it again."""
    world = World()
    answer = world.ingest().webhook.handle(
        "POST", {"x-signature": signature(b"nonsense")}, b"nonsense", world.clock.now()
    )

    assert answer.status == 400


def test_a_rotated_shared_secret_is_found() -> None:
    """A signature by a newer shared secret makes ingest read the secrets anew, and is let in."""
    world = World()
    environment = world.ingest()
    world.post(track("m0"), on=environment)
    world.store_secrets(shared_secrets=("shared-2",))
    world.clock.advance(31.0)
    headers = {"x-signature": signature(encode(track()), "shared-2")}

    assert world.post(track(), on=environment, headers=headers).status == 200


def test_a_wrong_signature_does_not_hammer_ssm() -> None:
    """Wrong signatures cause at most one read of the secrets in half a minute."""
    world = World()
    environment = world.ingest()
    for _ in range(50):
        world.post(track(), on=environment, headers={"x-signature": "0" * 40})

    assert world.ssm.calls["secrets.read"] == 2


@pytest.mark.parametrize("missing", ["all", "the proofs"])
def test_without_secrets_it_is_503(missing: str) -> None:
    """Without secrets the answer is 503; an alarm's metric counts it, and the log says why."""
    world = World()
    world.ssm.down = missing == "all"
    world.store_secrets(shared_secrets=())
    answer = world.post(track())
    ((warning, _),) = world.telemetry.warnings

    assert (answer.status, error_code(answer)) == (503, "secrets_unavailable")
    assert answer.headers == {"retry-after": "15"}
    assert world.telemetry.counts == {"SecretsUnavailable": 1}
    assert "secret" in warning


def test_known_secrets_serve_on_while_ssm_is_down() -> None:
    """Secrets that were read once serve for as long as SSM is down."""
    world = World()
    environment = world.ingest()
    world.post(track("m0"), on=environment)
    world.ssm.down = True
    world.clock.advance(86_400.0)

    assert world.post(track("m1"), on=environment).status == 200


def test_503_says_what_was_settled() -> None:
    """A 503 lists what became of each event, for whoever sees it in the Event Tester."""
    world = World()
    world.queues.down = True
    world.rehook.script.extend([rehook.DELIVERED, rehook.UNREACHABLE])
    answer = world.post(track("m1", "u1"), track("m2", "u2"))

    assert (answer.status, error_code(answer)) == (503, "not_stored")
    assert answer.headers == {"retry-after": "15"}
    assert (answer.body["delivered"], answer.body["received"]) == (1, 2)


def test_each_delivery_has_one_line_in_the_log() -> None:
    """Each delivery has one line in the log, with ids, outcome and reason, and no personal data.

    An event without a delivery has one line too.
    """
    world = World()
    world.rehook.script.append(rehook.REJECTED)
    world.post(track("m1", "ann@example.com", secret="shhh"), {"type": "page", "messageId": "p"})
    refused, ignored = world.telemetry.lines

    assert (refused["message_id"], refused["outcome"]) == ("m1", "parked")
    assert (refused["reason"], refused["code"]) == ("rejected", "400")
    assert ignored["outcome"] == "ignored"
    assert "ann" not in str(world.telemetry.lines)
    assert "shhh" not in str(world.telemetry.lines)
    assert world.telemetry.at_once == {"EventsReceived": 2}
    assert world.telemetry.counts == {
        "EventsParked": 1,
        "EventsIgnored": 1,
        "DeliveriesParked reason=rejected": 1,
        "AccessMatched credential=secret-1": 1,
    }


def test_an_event_with_two_deliveries_has_two_lines() -> None:
    """Each line names its delivery, and what is known of it. An unreadable element has no name."""
    world = World(destination=TWICE)
    world.rehook.script.extend([rehook.REJECTED, rehook.DELIVERED])
    world.post(track())
    headers, body = signed(track())
    world.ingest().webhook.handle("POST", headers, b"[" + body + b", 5]", world.clock.now())

    call: dict[str, object] = {
        "message_id": "m1",
        "action": "trackEvent",
        "tries": 1,
        "mapping": TWICE.version,
    }
    call["user"] = ids.logged_user(ids.user_hash("u1"), USER_KEY)
    one, two = ({"delivery": f"m1:{name}", "subscription": name, **call} for name in ("one", "two"))
    assert world.telemetry.lines == [
        {"outcome": "parked", "reason": "rejected", "code": "400", "milliseconds": 0, **one},
        {"outcome": "delivered", "rehook_request_id": "req-1", "milliseconds": 0, **two},
        {"outcome": "duplicate", "reason": "parked", **one},
        {"outcome": "duplicate", "reason": "delivered", **two},
        {"outcome": "dropped", "reason": "not_an_object", "mapping": TWICE.version},
    ]
