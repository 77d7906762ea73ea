"""Which URLs credentials and events may be sent to."""

from __future__ import annotations

import pytest

from segment_rehook.rehook.safe_url import SafeUrl, UrlInvalid


@pytest.mark.parametrize(
    "text",
    [
        "http://api.rehook.ai",
        "http://127.0.0.1.example.com",
        "http://127.0.0.2",
        "ftp://api.rehook.ai",
        "api.rehook.ai",
        "https://",
        "https://:443",
        "https://user@api.rehook.ai",
        "https://:pw@api.rehook.ai",
        "https://@api.rehook.ai",
        "https://api.rehook.ai?x=1",
        "https://api.rehook.ai#x",
        "https://api.rehook.ai:99999",
        "https://api.rehook.ai:port",
        "https://[::1",
        "https://api.rehook.ai /x",
        "https://api\x00.rehook.ai",
        "https://api.rehook.ai/\n",
        "https://" + "a" * 70 + ".ai",
        "",
    ],
)
def test_a_url_that_would_leak_or_mislead_is_refused(text: str) -> None:
    """Credentials would travel in clear, or to a host that the reader does not expect."""
    with pytest.raises(UrlInvalid):
        SafeUrl.parse(text)


@pytest.mark.parametrize(
    ("text", "url", "authority"),
    [
        ("https://api.rehook.ai", (True, "api.rehook.ai", 443, ""), "api.rehook.ai"),
        ("HTTPS://API.rehook.ai:443/", (True, "api.rehook.ai", 443, ""), "api.rehook.ai"),
        ("https://h.example:80/a/b/", (True, "h.example", 80, "/a/b"), "h.example:80"),
        ("https://münchen.example", (True, "xn--mnchen-3ya.example", 443, ""), None),
        ("http://localhost", (False, "localhost", 80, ""), "localhost"),
        ("http://127.0.0.1:443", (False, "127.0.0.1", 443, ""), "127.0.0.1:443"),
        ("http://[::1]:1/x", (False, "::1", 1, "/x"), "[::1]:1"),
    ],
)
def test_a_safe_url_is_read_into_its_parts(
    text: str, url: tuple[bool, str, int, str], authority: str | None
) -> None:
    """TLS to any host, plain text to this machine; the port is named where it is not the usual."""
    read = SafeUrl.parse(text)
    assert (read.tls, read.host, read.port, read.path) == url
    assert read.authority == (authority or read.host)
