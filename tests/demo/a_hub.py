"""A stand-in for a hub: answers over a real socket what a test says, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import unquote

from hub.demo.ask import Client
from hub.fhir.json import dumps, loads


@dataclass(frozen=True)
class Asked:
    """One request: method, decoded path, token, parsed body."""

    method: str
    path: str
    token: str
    body: Any


@dataclass
class Hub:
    """Where it answers, what it was asked, and the tokens it was asked to give."""

    base: str
    asked: list[Asked] = field(default_factory=list)
    issued: list[dict[str, Any]] = field(default_factory=list)

    def clients(self, role: str, organization: str = "", **rights: Any) -> Client:
        """A client whose token is the number of the request for it."""
        self.issued.append({"role": role, "organization": organization, **rights})
        return Client(self.base, str(len(self.issued) - 1))


@contextmanager
def a_hub(answer: Callable[[Asked], tuple[int, Any]]) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            content = self.rfile.read(length)
            token = self.headers["authorization"].removeprefix("Bearer ")
            asked = Asked(self.command, unquote(self.path), token, loads(content) if content else None)
            hub.asked.append(asked)
            status, told = answer(asked)
            body = b"" if told is None else told if isinstance(told, bytes) else dumps(told)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - names of http.server

        def log_request(self, *_: Any) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        hub = Hub(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
