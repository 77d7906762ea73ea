"""Fetches a file from an address that AWS gave, which is itself the permission to read it.

DownloadFailed      the file can't be fetched; the text never has the address, because it holds
                    a signature
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from segment_rehook_cli.stack.safe_address import is_safe

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["DownloadFailed", "download"]

SECONDS: Final = 30
"""For the connection, and for each part of the answer."""


class DownloadFailed(Exception):
    """The file can't be fetched; the text says why, in a few words."""


def download(address: str, max_bytes: int) -> bytes:
    """Fetch a file of at most `max_bytes`, without credentials. Raises DownloadFailed.

    The address must be https; plain http is taken from this machine only, where a sandbox is.
    No redirect is followed.
    """
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415 — slow to import, and few need it
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 — as above
    from botocore.httpsession import URLLib3Session  # noqa: PLC0415 — as above
    from botocore.utils import get_environ_proxies  # noqa: PLC0415 — as above
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 — as above

    if not is_safe(address):
        raise DownloadFailed("its address is not https")
    # botocore's own: certificates and proxies as for all other calls.
    session = URLLib3Session(proxies=get_environ_proxies(address), timeout=SECONDS)
    request = AWSRequest("GET", address, stream_output=True)
    try:
        answer = session.send(request.prepare())
        stream = cast("BaseHTTPResponse", answer.raw)
        content = stream.read(max_bytes + 1)
        stream.close()
    except (BotoCoreError, HTTPError, OSError) as error:
        raise DownloadFailed(type(error).__name__) from None
    if answer.status_code != 200:  # noqa: PLR2004 — HTTP's OK
        raise DownloadFailed(f"the answer is HTTP {answer.status_code}")
    if len(content) > max_bytes:
        raise DownloadFailed(f"it has more than {max_bytes:,} bytes")
    return content
