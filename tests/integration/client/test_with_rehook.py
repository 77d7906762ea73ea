"""The client against the sandbox's Rehook, which answers as the API's documentation says."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest

from segment_rehook.rehook.client import RehookClient
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.referral import ResendWithoutCode
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.integration.client.conftest import Connect
from tools.sandbox.rehook import Behaviour
from tools.sandbox.rehook_server import RehookServer


@pytest.fixture
def rehook(stack: ExitStack) -> RehookServer:
    """Give a Rehook that takes the key pair of this folder's clients."""
    server = RehookServer(Behaviour(api_key="key", api_secret="secret"))
    stack.callback(server.stop)
    return server


def identify(client: RehookClient | ResendWithoutCode, body: dict[str, Any]) -> Reply:
    """Call Rehook with an identify."""
    request = Request("POST", "/customers", json.dumps(body).encode())
    return client.call(request, timeout=5.0, action="identifyUser")


@pytest.mark.parametrize("status", [400, 401])
def test_a_missing_field_is_rejected_with_its_name(
    rehook: RehookServer, connect: Connect, status: int
) -> None:
    """A missing field is rejected with its name, under either documented status."""
    rehook.rehook.behaviour.field_error_status = status
    reply = identify(connect(rehook.url), {})
    assert (reply.kind, reply.code, reply.key) == (ReplyClass.REJECTED, "401", "source_id")
    assert reply.request_id


def test_a_wrong_key_pair_is_no_fault_of_the_event(rehook: RehookServer) -> None:
    """A wrong key pair is classed as `credentials`, and check-auth refuses it too."""
    client = RehookClient(rehook.url, lambda: ("key", "wrong"))
    assert identify(client, {"source_id": "u1"}).kind is ReplyClass.CREDENTIALS
    assert client.credentials_good(timeout=5.0) is False
    client.close()


def test_check_auth_takes_the_right_pair(rehook: RehookServer, connect: Connect) -> None:
    """check-auth answers 200 to the right key pair."""
    assert connect(rehook.url).credentials_good(timeout=5.0) is True


def test_traits_arrive_without_another_customers_code(
    rehook: RehookServer, connect: Connect
) -> None:
    """An identify with another customer's code is rejected, or sent again without the code."""
    client = connect(rehook.url)
    assert identify(client, {"source_id": "u1", "referral_code": "KMN"}).code == "200"
    taken = {"source_id": "u2", "metadata": {"name": "n"}, "referral_code": "KMN"}
    assert identify(client, taken).kind is ReplyClass.REJECTED
    assert identify(ResendWithoutCode(client), taken).kind is ReplyClass.DELIVERED
    answer = rehook.rehook.handle(
        "GET", "/customers/u2", {"authorization": "Basic a2V5OnNlY3JldA=="}, b""
    )
    assert answer.body["metadata"] == {"name": "n"}
    assert answer.body["referral_code"] is None
