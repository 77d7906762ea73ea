"""Bodies that take as long to receive as possible for their length."""

from __future__ import annotations

REPEATS = 100_000
COSTLY = {
    "open arrays": b"[" * REPEATS,
    "open objects": b'{"a":' * REPEATS,
    "empty arrays": b"[]" * REPEATS,
    "numbers": b"[" + b"1," * REPEATS + b"1]",
    "lone surrogates": b"[" + b'"\\ud800",' * 9_000 + b"{}]",
    "empty objects": b"[" + b"{}," * 9_000 + b"{}]",
    "deep elements": b"[" + (b"[" * 200 + b"]" * 200 + b",") * 500 + b"{}]",
    "brackets in strings": b'{"a":[' + b'"[",[],' * REPEATS + b"1]}",
    "quotes": b'{"a":"' + b'\\"' * REPEATS + b'"}',
    "backslashes": b'{"a":"' + b"\\" * REPEATS + b'"}',
    "unclosed strings": b'["' + b'\\"' * REPEATS,
    "blanks": b"[" + b" " * REPEATS + b"{}]",
    "commas": b"[" + b"," * REPEATS + b"{}]",
    "wrappers": b"[" + b'{"json":' * REPEATS + b"]",
    "wrapper's end": b'[{"json":' + b"}" * REPEATS + b" ]",
    "one number": b'{"a":' + b"9" * REPEATS + b"}",
    "fraction": b'{"a":0.' + b"9" * REPEATS + b"}",
    "exponent": b'{"a":1e' + b"9" * REPEATS + b"}",
    "long integers": b'{"a":[' + (b"9" * 308 + b",") * 900 + b"1]}",
    "keys": b'{"p":{' + b",".join(b'"k%d":1' % number for number in range(REPEATS)) + b"}}",
    "empty objects within": b'{"p":[' + b"{}," * REPEATS + b"1]}",
    "small objects within": b'{"p":[' + b'{"":1},' * REPEATS + b"1]}",
    "arrays beside a lone surrogate": b'{"p":["\\ud800",' + b"[]," * REPEATS + b"1]}",
    "equal keys": b'{"p":{' + b'"a":1,' * REPEATS + b'"a":1}}',
}
