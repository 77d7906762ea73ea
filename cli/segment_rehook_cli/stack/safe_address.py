"""Which addresses a command may send to: https, or http on this machine, where a sandbox is."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

__all__ = ["is_loopback", "is_safe"]


def is_safe(address: str) -> bool:
    """Whether nothing that is sent there travels in clear."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def is_loopback(host: str | None) -> bool:
    """Tell whether a URL's host is this machine itself."""
    return host in {"localhost", "::1"} or bool(re.fullmatch(r"127(\.[0-9]{1,3}){3}", host or ""))
