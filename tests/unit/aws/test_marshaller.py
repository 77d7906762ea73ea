"""Events and answers are the same as with the runtime client's own marshaller."""

from __future__ import annotations

import json
import runpy
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.aws.marshaller import Marshaller, MsgspecMarshaller, replace_marshaller
from tests.template.stack import ROOT, environment
from tests.unit.function_process import CLIENT, NO_CLIENT, process_restored

client = pytest.importorskip(CLIENT, reason=NO_CLIENT)
own = client.LambdaMarshaller()

texts = st.text(st.characters(codec=None))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values, st.booleans())
def test_events_are_read_as_the_own_marshaller_reads_them(value: object, escaped: bool) -> None:
    """An event is read, or refused, as by the marshaller that is replaced.

    Characters beyond ASCII come escaped or in UTF-8; lone surrogates are among them.
    """
    request = json.dumps(value, ensure_ascii=escaped).encode(errors="surrogatepass")
    assert read(MsgspecMarshaller(own), request) == read(own, request)


def read(marshaller: Marshaller, request: bytes) -> object:
    """Give the event, with the types of its numbers, or the error."""
    try:
        return repr(marshaller.unmarshal_request(request))
    except client.FaultException as error:
        return error.msg


def test_another_content_type_is_left_to_the_own_marshaller() -> None:
    """What is not sent as JSON is passed on as it came."""
    read = MsgspecMarshaller(own).unmarshal_request(b"{}", "text/plain")
    assert read == own.unmarshal_request(b"{}", "text/plain") == b"{}"


@pytest.mark.parametrize("request_", [b"", b"{", b"\xff", b"[" * 100_000])
def test_an_unreadable_event_is_the_runtime_clients_error(request_: bytes) -> None:
    """An unreadable event is reported as before, so that Lambda and its log name the reason."""
    with pytest.raises(Exception, match="Unable to unmarshal input"):
        MsgspecMarshaller(own).unmarshal_request(request_)


@given(st.dictionaries(texts, values, max_size=4))
def test_an_answer_means_what_the_own_marshaller_writes(answer: dict[str, Any]) -> None:
    """An answer is the same JSON value, and has the same content type."""
    text, content_type = MsgspecMarshaller(own).marshal_response(answer)
    before, type_before = own.marshal_response(answer)
    assert (json.loads(text), content_type) == (json.loads(before), type_before)


def test_an_answer_that_is_no_json_is_the_runtime_clients_error() -> None:
    """An answer that can't be written is reported as before."""
    with pytest.raises(Exception, match="Unable to marshal response"):
        MsgspecMarshaller(own).marshal_response({"answer": object()})


@pytest.mark.parametrize("function", ["ingest", "redrive"])
def test_a_function_replaces_the_marshaller(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that starts under the runtime client replaces the marshaller."""
    monkeypatch.setattr(client.LambdaRuntimeClient, "marshaller", own)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name, value in environment(f"{function.capitalize()}Function").items():
        monkeypatch.setenv(name, value)
    file = ROOT / "layers" / "destination" / "destination.json"
    monkeypatch.setenv("DESTINATION_FILE", str(file))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with process_restored():
        runpy.run_path(str(ROOT / "functions" / function / "app.py"))
        assert isinstance(client.LambdaRuntimeClient.marshaller, MsgspecMarshaller)


def test_outside_of_lambda_nothing_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the runtime client is not loaded, or has no marshaller, nothing happens."""
    monkeypatch.delitem(sys.modules, CLIENT)
    replace_marshaller()
    assert CLIENT not in sys.modules
    monkeypatch.setitem(sys.modules, CLIENT, client)
    monkeypatch.setattr(client, "LambdaRuntimeClient", type("LambdaRuntimeClient", (), {}))
    replace_marshaller()
    assert not hasattr(client.LambdaRuntimeClient, "marshaller")
