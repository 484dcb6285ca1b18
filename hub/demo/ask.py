"""Asks a running hub over HTTP, as any client would."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Client:
    """One token at one hub; `base` is `http://host:port`."""

    base: str
    token: str

    def get(self, path: str) -> Any:
        """The JSON at `path` (relative to base). Non-ASCII characters are percent-encoded; others stay as written."""
        quoted = urllib.parse.quote(path, safe="/?&=%|:,.-_~+$")
        request = urllib.request.Request(f"{self.base}/{quoted}", headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310 - our own hub
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read(), parse_float=Decimal)

    def count(self, resource_type: str) -> int:
        """How many resources of a type this client may see."""
        total: int = self.get(f"fhir/{resource_type}?_summary=count")["total"]
        return total
