"""Fetching from servers that somebody else named, over real sockets: what is not asked, not followed, not believed."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from hub.auth.fetching import Fetcher, checked
from hub.kernel.errors import Category, HubError
from tests.connectors.test_tls import Pair, issued

BODIES: Final = {
    "/good": (200, b'{"keys": []}'),
    "/long": (200, b'{"x": "' + b"x" * 300_000 + b'"}'),
    "/text": (200, b"hello"),
    "/list": (200, b"[]"),
    "/deep": (200, b"[" * 100_000),
    "/absent": (404, b"{}"),
    "/moved": (302, b"{}"),
}


@contextmanager
def server(pair: Pair | None = None) -> Iterator[tuple[int, list[str]]]:
    """A server on a port of this machine, and the Host headers and paths it was asked by."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.headers['host']}{self.path}")
            status, body = BODIES[self.path]
            self.send_response(status)
            self.send_header("location", "/good")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Not to the terminal."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield listening.server_port, seen
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


async def here(_: str, __: int) -> Sequence[str]:
    """A resolver by which every name is this machine."""
    return ["127.0.0.1"]


def refusal(fetcher: Fetcher, url: str) -> HubError:
    with pytest.raises(HubError) as caught:
        asyncio.run(fetcher.get(url))
    assert caught.value.category is Category.UNAVAILABLE
    return caught.value


def test_an_object_is_fetched_and_nothing_else_is_believed_or_followed() -> None:
    with server() as (port, seen):
        base, fetcher = f"http://127.0.0.1:{port}", Fetcher(None)
        assert asyncio.run(fetcher.get(f"{base}/good")) == {"keys": []}
        seen.clear()
        for path in ("/long", "/text", "/list", "/deep", "/absent", "/moved"):
            refusal(fetcher, base + path)
        assert [one.removeprefix(f"127.0.0.1:{port}") for one in seen] == [
            *("/long", "/text", "/list", "/deep", "/absent", "/moved")
        ]


def test_an_inner_address_is_not_connected_to_unless_its_network_is_named() -> None:
    with server() as (port, seen):
        url = f"http://localhost:{port}/good"
        assert "no address" in refusal(Fetcher((), resolver=here), url).what
        assert seen == []
        assert asyncio.run(Fetcher(("127.0.0.0/8",), resolver=here).get(url)) == {"keys": []}
        assert seen == [f"localhost:{port}/good"]


def test_the_certificate_must_be_of_the_name_although_the_address_is_connected_to(tmp_path: Path) -> None:
    authority = issued(tmp_path, "authority")
    pair = issued(tmp_path, "server", authority)
    with server(pair) as (port, seen):
        trusting = Fetcher(None, authority.certificate, resolver=here)
        assert asyncio.run(trusting.get(f"https://127.0.0.1:{port}/good")) == {"keys": []}
        seen.clear()
        refusal(trusting, f"https://login.example:{port}/good")
        refusal(Fetcher(None, resolver=here), f"https://127.0.0.1:{port}/good")
        assert seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/keys",
        "ftp://login.example/keys",
        "https:///keys",
        "https://user@login.example/keys",
        "https://login.example/keys#x",
        "https://login.example\\@evil.example/",
        "https://login.example/ keys",
        "https://login.example:0/keys",
        "https://login.example:x/keys",
        "https://[::1/keys",
        "file:///etc/passwd",
        "https://登录.example/",
        "https://login.example/" + "x" * 2000,
        "",
    ],
)
def test_what_is_no_plain_https_url_is_not_fetched(url: str) -> None:
    with pytest.raises(HubError) as caught:
        checked(url)
    assert caught.value.category is Category.INVALID
