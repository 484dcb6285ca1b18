"""Asks a running hub over HTTP, as any client would."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Seconds one request may take.
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the hub answered: the status, and the parsed JSON, or the text of what is none (None for an empty body)."""

    status: int
    content: Any


@dataclass(frozen=True, slots=True)
class Client:
    """One token at one hub; `base` is `http://host:port`, `headers` are sent with every request."""

    base: str
    token: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """The JSON at `path`. Raises urllib.error.HTTPError for a refusal."""
        with urllib.request.urlopen(self._request("GET", path, None), timeout=PATIENCE) as answer:  # noqa: S310 - our own hub
            return loads(answer.read())

    def call(self, method: str, path: str, body: Json | None = None) -> Reply:
        """What is answered, a refusal too. Raises HubError UNAVAILABLE when nothing is."""
        return self._answer(self._request(method, path, body))

    def send(self, path: str, content: bytes) -> Reply:
        """What is answered to a file. Raises HubError UNAVAILABLE when nothing is."""
        request = self._request("POST", path, None)
        request.data = content
        request.add_header("Content-Type", "application/octet-stream")
        return self._answer(request)

    def _answer(self, request: urllib.request.Request) -> Reply:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - our own hub
                return _reply(answer.status, answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return _reply(refusal.code, refusal.read())
        except OSError as error:
            raise HubError(
                Category.UNAVAILABLE, "the hub does not answer", where=self.base, todo="see its log"
            ) from error

    def count(self, resource_type: str) -> int:
        """How many resources of a type this client may see."""
        total: int = self.get(f"fhir/{resource_type}?_summary=count")["total"]
        return total

    def _request(self, method: str, path: str, body: Json | None) -> urllib.request.Request:
        """`path` is relative to base. Non-ASCII characters are percent-encoded; others stay as written."""
        quoted = urllib.parse.quote(path, safe="/?&=%|:,.-_~+$")
        headers = {"Authorization": f"Bearer {self.token}", **self.headers}
        data = None
        if body is not None:
            data = dumps(body)
            headers["Content-Type"] = "application/fhir+json" if path.startswith("fhir") else "application/json"
        return urllib.request.Request(f"{self.base}/{quoted}", data, headers, method=method)  # noqa: S310


def _reply(status: int, content: bytes) -> Reply:
    if not content:
        return Reply(status, None)
    return Reply(status, loads(content) if content[:1] in b"{[" else content.decode("utf-8"))
