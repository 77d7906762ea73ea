"""Refuses what a page in a browser sends to the sandbox's servers: they are for programs alone.

Any page can send requests to 127.0.0.1. A browser adds an Origin to those that can change
something, Sec-Fetch-Site to all, and, where a name was rebound to this machine, that name as Host.
Programs send neither of the first two, and the address as Host.
"""

from __future__ import annotations

from typing import Final

__all__ = ["REFUSED", "comes_from_a_page"]

REFUSED: Final = "this address is for programs on this machine, not for pages in a browser"


def comes_from_a_page(
    port: int | str, *, host: str | None, origin: str | None, site: str | None
) -> bool:
    """Tell by three headers, None where there is none, and by the port that was asked.

    ``site``: Sec-Fetch-Site; `none` is an address that a person has typed.
    """
    return (
        origin is not None
        or site not in {None, "none"}
        or host not in {None, f"127.0.0.1:{port}", f"localhost:{port}"}
    )
