"""What templates are made of: filters, formats, dates, and pieces to break them with."""

from __future__ import annotations

from random import Random

PLAIN_FILTERS = [
    "abs", "ceil", "floor", "round", "capitalize", "downcase", "upcase", "escape", "escape_once",
    "strip_html", "strip_newlines", "squish", "strip", "lstrip", "rstrip", "size", "first", "last",
    "json", "compact", "url_encode", "url_decode", "cgi_escape", "uri_escape", "slugify", "sum",
    "pop",
    "shift", "join", "base64_encode", "base64_decode", "sha256", "to_integer", "raw", "inspect",
    "number_of_words", "normalize_whitespace", "truncate", "truncatewords", "split", "date",
    "xml_escape", "jsonify", "date_to_xmlschema", "date_to_rfc822", "date_to_string",
    "date_to_long_string", "default", "push", "unshift", "no_such_filter",
]  # fmt: skip
NUMBER_FILTERS = ["plus", "minus", "times", "divided_by", "modulo", "at_least", "at_most", "round"]
TEXT_FILTERS = [
    "append", "prepend", "remove", "remove_first", "remove_last", "split", "join", "default",
    "strip",
    "lstrip", "rstrip", "push", "unshift", "hmac_sha256", "number_of_words",
]  # fmt: skip
DISABLED = [
    "map",
    "sort",
    "uniq",
    "concat",
    "reverse",
    "find",
    "where_exp",
    "type",
    "newline_to_br",
]
FORMATS = [
    "%Y-%m-%d", "%H:%M:%S.%L", "%A %B %-d, %Y", "%a %b %e %l:%M %p", "%j %U %W %u %w %y %C", "%s",
    "%z %:z %Z",
    "%N %3N", "%q", "%10Y|%-m|%_m|%^a|%#p|%05d", "%c", "%x", "%X", "%%%n%t", "%k %I %P %h", "%Q %",
    "", "%5",
]  # fmt: skip
DATES = [
    "2024-02-29T23:59:59.123Z", "2021-01-01", "2024-03-05 10:00:00", "March 5, 2024",
    "5 Mar 2024 10:00 +0200",
    "Tue, 05 Mar 2024 10:00:00 GMT", "03/05/2024", "2024/3/5", "1999-12-31T24:00:00Z",
    "2024-13-01", "2024-02-31",
    "10:30", "1/2/3", "noon", "item 5", "2024-06-01T12:00:00+05:30", "+010000-01-01", "0099-01-01",
    "1700000000",
    "2024", "2024-5", "12/25/95 3:04 pm", "Jan 1 (new year) 2020", "2020-01-01T00:00",
    "2020-01-01T", "T10",
    "2024-03-05T10:00:00.123456789Z", "-5", "1e3", "2024-03-05T25:00",
    "Sat Feb 29 2020 01:02:03 GMT-0800 (PST)",
]  # fmt: skip
PIECES = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{",
    "}",
    "-",
    "|",
    "'",
    '"',
    "\\",
    " ",
    "\n",
    "%",
    "[",
    "]",
    ".",
    ":",
    ",",
    "=",
    "#",
]
DATE_PIECES = [
    "2024", "-", "/", " ", " ", "Jan", "Feb", "march", "5", "12", "31", "29", "00", ":", "10:30",
    "10:30:15", ".5", ".123", "T", "Z", "GMT", "+0200", "-08:00", "PM", "am", "UTC", "(x)", "Mon",
    "1999", "70", "32", "0", "99", "100", "est", ",", "th", "foo", "T10:00", "\u00a0", "é", "-05",
    "2024-02-30", "24:00", "+", "_", "[", "0001", "12345678901", "\u0000",
]  # fmt: skip


def date_text(rng: Random) -> str:
    """Give a date, or pieces of dates in any order."""
    if rng.random() < 0.6:
        return rng.choice(DATES)
    return "".join(rng.choice(DATE_PIECES) for _ in range(rng.randint(1, 7)))
