"""The fake Rehook behaves as Rehook's documentation says."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tools.sandbox.rehook import Answer, Behaviour, Rehook

GOOD = {"authorization": "Basic " + base64.b64encode(b"key:secret").decode()}


@pytest.fixture
def rehook() -> Rehook:
    """A fake Rehook with one key pair."""
    return Rehook(Behaviour(api_key="key", api_secret="secret"))


def post(rehook: Rehook, path: str, **body: Any) -> Answer:
    """Send a POST with valid credentials."""
    return rehook.handle("POST", path, GOOD, json.dumps(body).encode())


def test_an_upsert_is_harmless_twice(rehook: Rehook) -> None:
    """Two upserts of a customer result in one customer with the traits of both."""
    post(rehook, "/customers", source_id="u1", metadata={"a": 1, "b": 1})
    answer = post(rehook, "/customers", source_id="u1", metadata={"b": 2}, referral_code="U1")
    assert answer.status == 200
    assert answer.body["message"] == "Request processed sucessfully"
    [customer] = rehook.customers()
    assert customer["metadata"] == {"a": 1, "b": 2}
    assert customer["referral_code"] == "U1"


def test_an_event_rewards_each_time(rehook: Rehook) -> None:
    """The same event twice gives two rewards, and creates the customer."""
    for _ in range(2):
        assert post(rehook, "/events/invoke", source_id="u1", event_name="order").status == 200
    assert rehook.rewards() == [{"source_id": "u1", "event_name": "order", "count": 2}]
    assert rehook.handle("GET", "/customers/u1", GOOD, b"").status == 200


def test_a_referral_code_belongs_to_one_customer(rehook: Rehook) -> None:
    """A code of another customer is refused, and the answer names the field."""
    post(rehook, "/customers", source_id="u1", referral_code="X")
    answer = post(rehook, "/customers", source_id="u2", referral_code="X")
    assert answer.status == 400
    assert answer.body["key"] == "referral_code"
    assert post(rehook, "/customers", source_id="u1", referral_code="X").status == 200


@pytest.mark.parametrize("field", ["event_name", "source_id"])
def test_a_missing_field_is_a_401_that_names_it(rehook: Rehook, field: str) -> None:
    """An empty and a missing field have the same answer, with the documented body."""
    body = {"event_name": "e", "source_id": "u", field: ""}
    answer = post(rehook, "/events/invoke", **body)
    assert answer.status == 401
    assert answer.body["code"] == 401
    assert answer.body["key"] == field
    assert answer.body["message"] == f"{field} field is required"
    assert answer.body["request_id"]


def test_the_status_of_a_field_error_can_be_chosen(rehook: Rehook) -> None:
    """The status can be 400, as the documentation's text says, or 401, as its example shows."""
    rehook.behaviour = Behaviour(api_key="key", api_secret="secret", field_error_status=400)
    answer = post(rehook, "/events/invoke", event_name="e")
    assert (answer.status, answer.body["code"]) == (400, 401)


@pytest.mark.parametrize("header", ["", "Basic !", "Bearer x", "Basic a2V5Ondyb25n"])
def test_wrong_credentials_name_no_field(rehook: Rehook, header: str) -> None:
    """Wrong credentials are answered with 401 and without a key."""
    answer = rehook.handle("POST", "/customers", {"authorization": header}, b"{}")
    assert answer.status == 401
    assert "key" not in answer.body


def test_check_auth_and_unknown_paths(rehook: Rehook) -> None:
    """check-auth accepts a valid key pair, and an unknown path is answered with 404."""
    assert rehook.handle("GET", "/events/segment/check-auth", GOOD, b"").status == 200
    assert rehook.handle("GET", "/events/segment/check-auth", {}, b"").status == 401
    assert rehook.handle("GET", "/customers/nobody", GOOD, b"").status == 404
    assert rehook.handle("POST", "/nothing", GOOD, b"{}").status == 404


def test_a_conversion_event_wants_its_referral_code(rehook: Rehook) -> None:
    """A conversion event needs a referral code, which may be empty."""
    rehook.behaviour = Behaviour(api_key="key", api_secret="secret", conversion_events=["signup"])
    without = post(rehook, "/events/invoke", source_id="u", event_name="signup")
    direct = post(
        rehook, "/events/invoke", source_id="u", event_name="signup", metadata={"referral_code": ""}
    )
    assert (without.body["key"], direct.status) == ("referral_code", 200)
