"""JSON is read and written as JavaScript does, whatever the bytes."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.jsontext import (
    JSON,
    MAX_DEPTH,
    JsonError,
    NotJson,
    TooDeep,
    decode,
    encode,
    stringify,
)
from segment_rehook.segment.numbers import number_text

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    # Above 2^53 a whole double is written with digits that, read as an exact integer, are another.
    | st.floats(-(2.0**53), 2.0**53)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def nested(levels: int) -> bytes:
    """An array in an array in … of so many levels."""
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b' {"a" : [1, true, null]} \n', {"a": [1, True, None]}),
        (b'{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
        (b'"\\ud800"', "\ud800"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\udc00\\ud800"', "\udc00\ud800"),
        (b'{"\\ud800":"\\u0000"}', {"\ud800": "\x00"}),
        (b"9007199254740993", 9007199254740993),
        (b"1" * 300, int("1" * 300)),
        (b"-" + b"9" * 308, -int("9" * 308)),
        (b"1e999", math.inf),
        (b"-1e999", -math.inf),
        (b"9" * 309, math.inf),
        (b"-" + b"91" * 2_500, -math.inf),
        (b"[" + b"1" * 309 + b"]", [int("1" * 309)]),
        (b"1e-999", 0.0),
        (b"0e999", 0.0),
        ('"\u2028"'.encode(), "\u2028"),
    ],
)
def test_reads_what_json_parse_takes(text: bytes, value: JSON) -> None:
    """Lone surrogates, Infinity by overflow and duplicate keys are read; integers stay exact."""
    assert decode(text) == value


def test_a_repeated_key_keeps_its_first_place() -> None:
    """The last value stands where the first one stood, in either reader."""
    assert list(msgspec.json.decode(b'{"a":1,"b":2,"a":3}')) == ["a", "b"]
    assert encode(decode(b'{"a":1,"b":2,"a":3}')) == b'{"a":3,"b":2}'
    assert encode(decode(b'{"a":1,"b":"\\ud800","a":3}')) == b'{"a":3,"b":"\\ud800"}'


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"[NaN, 1e999]",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"0x1",
        b"[1,]",
        b'{"a":1,}',
        b"{a:1}",
        b"'a'",
        b'"a',
        b'"\x01"',
        b'"\\x41"',
        b'"\\u12g4"',
        b"1 2",
        b"[1]\x00",
        b"\xef\xbb\xbf{}",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'["\\ud800", "\xff"]',
        b'["\\ud800",]',
        "{}".encode("utf-16"),
        b"\x0b1",
        b"\xc2\xa01",
    ],
)
def test_refuses_what_json_parse_refuses(text: bytes) -> None:
    """Whatever is not JSON raises NotJson: nothing else, and nothing of the text in the message."""
    with pytest.raises(NotJson):
        decode(text)


def test_the_error_does_not_quote_the_text() -> None:
    """The error repeats nothing of the text, because it is logged."""
    with pytest.raises(NotJson) as caught:
        decode(b'{"email": jane@example.com}')
    assert "jane" not in str(caught.value)


def test_nesting_is_read_up_to_the_bound_and_not_beyond() -> None:
    """The bound is the same for each reader and each Python; brackets in strings don't count."""
    assert decode(nested(MAX_DEPTH))
    assert decode(b'"' + b"[" * 500 + b'"')
    assert decode(b"[" + b"[],{}," * 500 + b'"\\"[["]')
    for text in (nested(MAX_DEPTH + 1), b'{"a":' * 200 + b"1" + b"}" * 200, b"[" * 1_000_000):
        with pytest.raises(TooDeep):
            decode(text)


@given(json_values)
def test_what_is_written_is_read_again(value: JSON) -> None:
    """A round trip loses nothing, in ASCII and in Unicode."""
    assert decode(encode(value)) == value
    assert decode(stringify(value).encode()) == value


@given(json_values)
def test_is_written_as_the_standard_library_does_but_for_numbers(value: JSON) -> None:
    """Escapes, order and layout are the standard library's; fractions are JavaScript's."""
    expected = json.dumps(value, separators=(",", ":"))
    if not any(mark in expected for mark in (".", "e+", "e-")):
        assert encode(value).decode() == expected


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(text: bytes) -> None:
    """Bytes either decode or raise one of the module's own errors."""
    with suppress(JsonError):
        decode(text)


@given(
    st.lists(
        st.sampled_from(
            [*'[]{},:"\\ -019.eE+u/nt', "true", "null", '"a"', "\\ud800", "\\u0000", "é", "1e999"]
        ),
        max_size=25,
    ).map("".join)
)
def test_both_readers_agree(text: str) -> None:
    """What the standard library takes is taken, with the same value; what it refuses is refused."""

    def refuse(_: str) -> float:
        raise ValueError

    try:
        expected = json.loads(text, parse_constant=refuse)
    except ValueError:
        with pytest.raises(NotJson):
            decode(text.encode())
    else:
        assert decode(text.encode()) == expected


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (25.0, "25"),
        (-25.0, "-25"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (-1.2345e21, "-1.2345e+21"),
        (1e-6, "0.000001"),
        (1.5e-6, "0.0000015"),
        (1e-7, "1e-7"),
        (-1.5e-7, "-1.5e-7"),
        (1e16, "10000000000000000"),
        (123.456, "123.456"),
        (1.5, "1.5"),
        (-9.75, "-9.75"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
        (2**64 + 1, "18446744073709551617"),
        (-5, "-5"),
    ],
)
def test_numbers_print_as_in_javascript(number: float, text: str) -> None:
    """Numbers have JavaScript's layout and shortest digits; integers keep all digits."""
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_reads_back_the_same(number: float) -> None:
    """The digits are the shortest that give the same double, so none is lost."""
    assert float(number_text(number)) == number


def test_writes_what_json_stringify_writes() -> None:
    """Infinity, NaN, -0 and lone surrogates are written as `JSON.stringify` writes them."""
    value: JSON = {"é": [math.inf, math.nan, -0.0, 25.0, True, False, None], "s": "\ud800\u2028/"}
    assert encode(value) == (b'{"\\u00e9":[null,null,0,25,true,false,null],"s":"\\ud800\\u2028/"}')
    assert stringify(value) == '{"é":[null,null,0,25,true,false,null],"s":"\\ud800\u2028/"}'
    assert encode({}) == b"{}"
    assert encode([]) == b"[]"


# Mostly ASCII: beyond it, msgspec is not asked.
texts = st.text('ab"\\\n/1e.', max_size=4) | st.sampled_from(["\x7f", "é", "\ud800", "1.0", "1e5,"])
any_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from([1e-7, 1e21, 25.0, math.inf])
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(texts, any_values, max_size=2))
def test_an_object_is_written_like_any_other_value(value: dict[str, JSON]) -> None:
    """Objects, which requests are, have a faster writer than arrays: it writes the same."""
    assert encode(value) == encode([value])[1:-1]


def test_raw_parts_are_spliced_in_as_they_are() -> None:
    """Properties that go on unchanged keep their bytes."""
    value = {"metadata": msgspec.Raw('{ "é": 1.0 }'.encode()), "n": 1.0}
    written = encode(value)  # type: ignore[arg-type]  # a dict of less than JSON
    assert written == '{"metadata":{ "é": 1.0 },"n":1}'.encode()


def test_refuses_to_write_what_is_not_json() -> None:
    """A set raises TypeError, and a value that is nested too deep raises TooDeep."""
    values: list[object] = [[set()], {"a": set()}, {"a": {"b": [{1}]}}, {"a": {"b": {"c"}}}]
    for with_set in values:
        with pytest.raises(TypeError, match="set is not a JSON type"):
            encode(with_set)  # type: ignore[arg-type]  # what must be refused
    for wrap in (lambda inner: [inner], lambda inner: {"a": inner}):
        value: JSON = 1
        for _ in range(4 * MAX_DEPTH):
            value = wrap(value)
        assert encode(value).count(b"1") == 1
        with pytest.raises(TooDeep):
            encode(wrap(value))
    assert encode(decode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
