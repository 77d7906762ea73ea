"""Who may use the console: no other page in the same browser, and nobody without the token."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tools.console

if TYPE_CHECKING:
    from tests.integration.console.running import Running, Visitor

PAGES = ("/", "/send", "/break", "/queues", "/mapping", "/tour", "/stream", "/mapping/file")
ORDERS = ("preview", "send", "turn", "kill", "all-well", "try-now", "redrive", "check", "apply")


@pytest.mark.parametrize("path", PAGES)
def test_without_the_cookie_nothing_is_shown(stranger: Visitor, path: str) -> None:
    """A page without the cookie is 401; the first one asks for the token."""
    reply = stranger.open(path)
    assert reply.status == 401
    assert ("token" in reply.text) == (path == "/")
    assert stranger.open(path, Cookie="console-1=x").status == 401


@pytest.mark.parametrize("name", ORDERS)
def test_without_the_cookie_nothing_is_done(stranger: Visitor, name: str) -> None:
    """An order without the cookie is 401, before its body is read."""
    assert stranger.order(name).status == 401


@pytest.mark.parametrize("token", ["", "x", None, 7, "\udc00", "é" * 43])
def test_a_wrong_token_gives_no_cookie(stranger: Visitor, token: object) -> None:
    """Any other token, of any type, is refused; the answer does not have the right one."""
    reply = stranger.change("/session", {"token": token})
    assert reply.status in {400, 401}
    assert "Set-Cookie" not in reply.headers


def test_the_cookie_is_for_this_browser_and_no_script(visitor: Visitor, running: Running) -> None:
    """The token gives a cookie that is HttpOnly and SameSite=Strict, and is not the token."""
    token = running.console.address.partition("#")[2]
    cookie = visitor.sign_in(token).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert token not in cookie
    assert visitor.open("/").status == 200


@pytest.mark.parametrize("host", ["localhost:{port}", "evil.example:{port}", "127.0.0.1", ""])
def test_a_name_that_was_rebound_is_refused(visitor: Visitor, host: str) -> None:
    """Any other Host than the address itself is 421, with the cookie too."""
    port = visitor.host.partition(":")[2]
    assert visitor.open("/", Host=host.format(port=port) or "x").status == 421


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "http://evil.example", "null", "{url}/"])
def test_a_foreign_origin_is_refused(visitor: Visitor, origin: str) -> None:
    """Neither a page nor an order is given to another Origin, port or spelling."""
    foreign = origin.format(url=visitor.url)
    assert visitor.open("/", Origin=foreign).status == 403
    assert visitor.change("/orders/all-well", {}, Origin=foreign).status == 403
    assert visitor.change("/session", {"token": "x"}, Origin=foreign).status == 403


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_another_port_of_this_machine_is_another_page(visitor: Visitor, site: str) -> None:
    """A page of another port gets the cookie sent by the browser, and still sees nothing."""
    assert visitor.open("/", Sec_Fetch_Site=site).status == 403
    assert visitor.open("/", Sec_Fetch_Site="same-origin").status == 200
    assert visitor.open("/", Sec_Fetch_Site="none").status == 200


def test_a_form_of_another_page_changes_nothing(visitor: Visitor) -> None:
    """A change needs the Origin and the header; a GET changes nothing."""
    assert visitor.change("/orders/all-well", {}, Origin="").status == 403
    assert visitor.change("/orders/all-well", {}, X_Console="").status == 403
    assert visitor.open("/orders/all-well").status == 405


@pytest.mark.parametrize("path", ["/", "/send", "/static/console.js", "/nowhere", "/orders/x"])
def test_every_answer_has_the_headers(visitor: Visitor, path: str) -> None:
    """Pages, files and errors alike allow no inline script, no frame, no other origin."""
    headers = visitor.open(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


def test_no_page_has_inline_script_or_style() -> None:
    """No template has what the policy would not run."""
    found = sorted((Path(tools.console.__file__).parent / "templates").glob("*.html"))
    assert found
    for template in found:
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text), template.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), template.name
        assert not re.search(r"https?://", text), template.name


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "%2fetc%2fpasswd", "no.js"])
def test_only_files_of_the_folder_are_served(stranger: Visitor, name: str) -> None:
    """A path out of the folder is not found."""
    assert stranger.open(f"/static/{name}").status == 404


def test_it_listens_on_this_machine_only(running: Running) -> None:
    """The port is not open on another address of this machine."""
    port = int(running.console.url.rpartition(":")[2])
    with socket.socket() as other:
        other.settimeout(5)
        assert other.connect_ex(("127.0.0.2", port)) != 0


def test_an_order_that_is_too_large_is_refused(visitor: Visitor) -> None:
    """A body of more than 12 MB is not read."""
    assert visitor.order("preview", text="x" * (13 * 1024 * 1024)).status == 413
