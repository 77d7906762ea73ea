"""Bodies made to cost the door as much as they can for their length."""

from __future__ import annotations

TIMES = 100_000
COSTLY = {
    "open arrays": b"[" * TIMES,
    "open objects": b'{"a":' * TIMES,
    "empty arrays": b"[]" * TIMES,
    "numbers": b"[" + b"1," * TIMES + b"1]",
    "lone surrogates": b"[" + b'"\\ud800",' * 9_000 + b"{}]",
    "empty objects": b"[" + b"{}," * 9_000 + b"{}]",
    "deep elements": b"[" + (b"[" * 200 + b"]" * 200 + b",") * 500 + b"{}]",
    "brackets in strings": b'{"a":[' + b'"[",[],' * TIMES + b"1]}",
    "quotes": b'{"a":"' + b'\\"' * TIMES + b'"}',
    "backslashes": b'{"a":"' + b"\\" * TIMES + b'"}',
    "unclosed strings": b'["' + b'\\"' * TIMES,
    "blanks": b"[" + b" " * TIMES + b"{}]",
    "commas": b"[" + b"," * TIMES + b"{}]",
    "wrappers": b"[" + b'{"json":' * TIMES + b"]",
    "wrapper's end": b'[{"json":' + b"}" * TIMES + b" ]",
    "one number": b'{"a":' + b"9" * TIMES + b"}",
    "fraction": b'{"a":0.' + b"9" * TIMES + b"}",
    "exponent": b'{"a":1e' + b"9" * TIMES + b"}",
    "long integers": b'{"a":[' + (b"9" * 308 + b",") * 900 + b"1]}",
    "keys": b'{"p":{' + b",".join(b'"k%d":1' % number for number in range(TIMES)) + b"}}",
    "empty objects within": b'{"p":[' + b"{}," * TIMES + b"1]}",
    "small objects within": b'{"p":[' + b'{"":1},' * TIMES + b"1]}",
    "arrays beside a lone surrogate": b'{"p":["\\ud800",' + b"[]," * TIMES + b"1]}",
    "equal keys": b'{"p":{' + b'"a":1,' * TIMES + b'"a":1}}',
}
