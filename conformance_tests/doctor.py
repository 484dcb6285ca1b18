"""A client of the FHIR API with a token of its own, down to the bytes of its requests."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance_tests.running_hub import RunningHub

JSON = {"content-type": "application/fhir+json"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Doctor:
    """A client with a token of its own; every request is a connection of its own."""

    hub: RunningHub
    token: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.hub.base)
        return str(parts.hostname), int(parts.port or 80)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if content is not None:
            sent = JSON | sent
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            connection.request(method, f"/fhir{path}", content, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()
