"""JSON read and written here, against JavaScript's own JSON.parse and JSON.stringify.

Set WEBHOOK_JSON_CASES for a longer run and WEBHOOK_JSON_SEED for another.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from segment_rehook.segment.jsontext import JSON, JsonError, decode, stringify

HERE = Path(__file__).parent
NODE = shutil.which("node")
CASES = int(os.environ.get("WEBHOOK_JSON_CASES", "20000"))
SEED = int(os.environ.get("WEBHOOK_JSON_SEED", "1"))
PIECES = [
    *(bytes([character]) for character in b'[]{},:"\\ \t\n0123456789-+.eEtfnau/\x00\x1f\x7f'),
    *[b"true", b"false", b"null", b"NaN", b'"a":', b'{"a":1}', b'"x"', b"[]", b"{}", b"-0", b"1e9"],
    *[b"\\ud800", b"\\udc00", b"\\u0041", b"\\n", b"\\/", b"\\x", b"1e999", b"1E-7", b"9" * 309],
    *[
        "é".encode(),
        "\u2028".encode(),
        "\U0001f600".encode(),
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
    ],
    *[b'"__proto__":', b'"b":[', b"]}", b"0.1", b"1.0", b"1e21", b"123456789012345680000"],
]

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(NODE is None, reason="needs Node 20 or newer"),
]


def valid(draw: random.Random, depth: int = 0) -> str:
    """A valid text with numbers, escapes and repeated keys of every kind."""
    kind = draw.randrange(8 if depth < 4 else 6)
    if kind == 0:
        return draw.choice(["true", "false", "null", "-0", "1e999", "-1e400", "1e-400", "0e5"])
    if kind in {1, 2}:
        bits = struct.unpack(">d", draw.randbytes(8))[0]
        number = draw.choice([bits, draw.uniform(-1, 1) * 10.0 ** draw.randint(-9, 23)])
        return repr(number) if number - number == 0 else "1"
    if kind == 3:
        return str(draw.randrange(-(2**53), 2**53))
    if kind in {4, 5}:
        points = [
            draw.choice([0x41, 0x22, 0x5C, 0x0A, 0xD83D, 0xDE00, 0x2028, 0xE9]) for _ in "abc"
        ]
        return json.dumps("".join(map(chr, points)))
    parts = [valid(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind == 6:
        return f"[{', '.join(parts)}]"
    return "{" + ",".join(f'"{draw.choice("abc")}" :{part}' for part in parts) + "}"


def texts() -> list[bytes]:
    """Half valid, half made of pieces that mostly are not."""
    draw = random.Random(SEED)
    pieces = [b"".join(draw.choices(PIECES, k=draw.randrange(1, 9))) for _ in range(CASES // 2)]
    return pieces + [valid(draw).encode() for _ in range(CASES // 2)]


def ours(text: bytes) -> str | None:
    """What we make of it, None if we refuse it."""
    try:
        return stringify(rounded(decode(text)))
    except JsonError:
        return None


def rounded(value: JSON) -> JSON:
    """Round the integers, as JavaScript does and we do not."""
    if isinstance(value, dict):
        return {name: rounded(member) for name, member in value.items()}
    if isinstance(value, list):
        return [rounded(member) for member in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def test_reads_and_writes_as_javascript_does() -> None:
    """The same texts are taken, and come out the same to the character; only integers are exact."""
    cases = texts()
    lines = b"".join(base64.b64encode(text) + b"\n" for text in cases)
    oracle = subprocess.run(
        [str(NODE), "webhook_json_oracle.js"],
        cwd=HERE,
        input=lines,
        capture_output=True,
        check=True,
    )
    theirs = [json.loads(line).get("text") for line in oracle.stdout.splitlines()]
    assert len(theirs) == len(cases)
    assert [
        (text, found, expected)
        for text, expected in zip(cases, theirs, strict=True)
        if (found := ours(text)) != expected
    ] == []
    taken = sum(text is not None for text in theirs)
    assert CASES // 2 <= taken < CASES
