"""The check of every URL that credentials or events are sent to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HTTP_PORT, HTTPS_PORT = 80, 443


class UrlInvalid(ValueError):
    """The text is no URL, or what is sent there would travel in clear. `str` says which."""


@dataclass(frozen=True, slots=True)
class SafeUrl:
    """An https URL, or an http URL on this machine. `path` has no slash at its end."""

    tls: bool
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> SafeUrl:
        """Read and check a URL. Raises UrlInvalid."""
        try:
            url = urlsplit(text)
            port = url.port or (HTTPS_PORT if url.scheme == "https" else HTTP_PORT)
            host = (url.hostname or "").encode("idna").decode()
        except ValueError as error:
            raise UrlInvalid(f"this is no URL: {error}") from error
        blank = not text.isprintable() or " " in text
        if not host or blank or url.scheme not in {"https", "http"}:
            raise UrlInvalid("the URL must be a URL such as https://api.rehook.ai")
        if url.scheme == "http" and host not in LOOPBACK:
            raise UrlInvalid("the URL must be https: what is sent would travel in clear")
        if url.query or url.fragment or "@" in url.netloc:
            raise UrlInvalid("the URL must have no user name, query or fragment")
        return cls(url.scheme == "https", host, port, url.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """The host as the Host header has it: with the port, unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = HTTPS_PORT if self.tls else HTTP_PORT
        return host if self.port == usual else f"{host}:{self.port}"
