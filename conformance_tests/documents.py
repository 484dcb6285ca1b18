"""A document sharer of IHE MHD: submits over the wire (ITI-65), finds (ITI-66, ITI-67), fetches (ITI-68)."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NamedTuple

from hub.fhir.json import dumps
from hub.fhir.xml import write_xml


class Heard(NamedTuple):
    """What was answered."""

    status: int
    media: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Sharer:
    """A client with a token of its own."""

    def __init__(self, base: str, token: str) -> None:
        self._base = f"{base}/fhir"
        self._token = token

    def submit(self, bundle: Any, *, xml: bool = False) -> Heard:
        content = write_xml(bundle) if xml else dumps(bundle)
        media = "application/fhir+xml" if xml else "application/fhir+json"
        return self._ask(self._base, content, media)

    def find(self, rtype: str, **params: str) -> list[Any]:
        heard = self._ask(f"{self._base}/{rtype}?{urllib.parse.urlencode(params)}")
        return [entry["resource"] for entry in heard.json.get("entry", [])]

    def fetch(self, address: str, accept: str = "*/*") -> Heard:
        return self._ask(f"{self._base}/{address}", accept=accept)

    def _ask(self, url: str, content: bytes | None = None, media: str = "", accept: str = "") -> Heard:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept or "application/fhir+json"}
        request = urllib.request.Request(url, content, headers | ({"Content-Type": media} if media else {}))
        try:
            with urllib.request.urlopen(request) as answer:
                return Heard(answer.status, answer.headers["content-type"] or "", answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Heard(refused.code, refused.headers["content-type"] or "", refused.read())
