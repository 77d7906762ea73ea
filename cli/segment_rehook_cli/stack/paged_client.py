"""What is used of boto3's clients of CloudWatch, CloudWatch Logs and SNS: answers in pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

__all__ = ["AwsReply", "PagedClient", "Pages"]

AwsReply = Mapping[str, Any]
"""An answer of AWS."""


class Pages(Protocol):
    """boto3's paginator."""

    def paginate(self, **asked: Any) -> Iterable[AwsReply]:
        """Give the pages of answers."""


class PagedClient(Protocol):
    """A client whose operations answer in pages."""

    def get_paginator(self, operation_name: str, /) -> Pages:
        """Give the paginator of an operation, by its name in Python."""
