"""Lambda's operations by method and path, from the model that AWS's client library has."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = re.compile(r"\\\{(\w+)\\\}")


def lambda_operation(method: str, path: str, query: str) -> tuple[str, dict[str, str]]:
    """Return the operation, and the members of the path and the query; "" for an unknown path."""
    members = dict(parse_qsl(query, keep_blank_values=True))
    for wanted, pattern, fixed, name in _operations():
        match = pattern.fullmatch(path) if wanted == method else None
        if match is not None and fixed.items() <= members.items():
            return name, members | {k: unquote(v) for k, v in match.groupdict().items()}
    return "", members


@lru_cache
def _operations() -> list[tuple[str, re.Pattern[str], Mapping[str, str], str]]:
    """The operations, those with a fixed part in their query first."""
    found = []
    for name, operation in Loader().load_service_model("lambda", "service-2")["operations"].items():
        path, _, query = operation["http"]["requestUri"].partition("?")
        pattern = re.compile(_PLACE.sub(r"(?P<\1>[^/]+)", re.escape(path.rstrip("/"))) + "/?")
        found.append((operation["http"]["method"], pattern, dict(parse_qsl(query)), name))
    return sorted(found, key=lambda each: -len(each[2]))
