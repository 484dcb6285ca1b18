"""Parameters resources as answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.api.fhir.exchange import Answer
from hub.fhir.json import dumps
from hub.kernel.types import Json


def part(name: str, kind: str, value: Any) -> Json:
    """A parameter of a simple value: `part("code", "Code", "x")`."""
    return {"name": name, f"value{kind}": value}


def told(name: str, kind: str, value: Any) -> list[Json]:
    """A parameter, or nothing for an empty value."""
    return [part(name, kind, value)] if value else []


def parameters(found: Iterable[Json]) -> Answer:
    """200 with a Parameters resource."""
    return Answer(status=200, body=dumps({"resourceType": "Parameters", "parameter": list(found)}))
