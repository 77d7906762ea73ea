"""Answers that are cut or garbled: none is taken for a whole answer."""

from __future__ import annotations

import random

import pytest

from segment_rehook.rehook.reply import ReplyClass
from tests.integration.client.conftest import Connect, Serve, call
from tests.integration.client.server import OK_BODY, Wire, answer

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0" % (
    len(OK_BODY),
    OK_BODY,
)


@pytest.mark.parametrize(
    "whole",
    [answer(), answer("401 No", b'{"code":401,"key":"x"}'), b"HTTP/1.1 100 C\r\n\r\n" + answer()],
    ids=["200", "401", "100-200"],
)
def test_an_answer_cut_at_any_byte_is_no_answer(
    serve: Serve, connect: Connect, whole: bytes
) -> None:
    """An answer that ends before its last byte leaves the outcome unknown."""
    cut_and_judge(serve, connect, whole)


def test_chunks_cut_at_any_byte_are_no_answer(serve: Serve, connect: Connect) -> None:
    """Chunks that end before the size of the last chunk leave the outcome unknown."""
    cut_and_judge(serve, connect, CHUNKED)


def cut_and_judge(serve: Serve, connect: Connect, whole: bytes) -> None:
    """Cut the answer at each byte, on a connection of its own, and check the reply."""

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(whole[: wire.number - 1])

    client = connect(serve(script).url)
    outcomes = [call(client).kind for _ in range(len(whole))]
    assert outcomes == [ReplyClass.UNKNOWN] * len(whole)


def test_garbled_answers_raise_nothing(serve: Serve, connect: Connect) -> None:
    """With bytes changed, doubled or lost, a call never raises and is never unreachable."""
    chance = random.Random(20_261_122)
    sources = [answer(), CHUNKED + b"\r\n\r\n", answer("429 Slow", b"", "Retry-After: 5")]

    def garbled() -> bytes:
        data = bytearray(chance.choice(sources))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            piece = data[at : at + chance.randint(1, 8)]
            data[at : at + len(piece)] = chance.choice(
                [b"", piece * 2, chance.randbytes(len(piece)), b"\r\n", b"\n", b"\x00"]
            )
        return bytes(data)

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(garbled())

    client = connect(serve(script).url)
    outcomes = {call(client).kind for _ in range(600)}
    assert ReplyClass.UNREACHABLE not in outcomes
    assert outcomes >= {ReplyClass.DELIVERED, ReplyClass.UNKNOWN, ReplyClass.THROTTLED}
