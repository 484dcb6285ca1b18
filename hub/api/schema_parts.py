"""Parts of which the schemas of the OpenAPI document are made."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json

TEXT: Final[Json] = {"type": "string"}
FLAG: Final[Json] = {"type": "boolean"}
NUMBER: Final[Json] = {"type": "number"}
COUNT: Final[Json] = {"type": "integer", "minimum": 0}
DAY: Final[Json] = {"type": "string", "format": "date"}
INSTANT: Final[Json] = {"type": "string", "format": "date-time"}
NO_TEXT: Final[Json] = {"type": ["string", "null"]}
NO_COUNT: Final[Json] = {"type": ["integer", "null"]}
NO_NUMBER: Final[Json] = {"type": ["number", "null"]}


def items(of: Json) -> Json:
    """A list."""
    return {"type": "array", "items": of}


def made(**properties: Json) -> Json:
    """What the hub tells: all of its members are always there."""
    return {"type": "object", "required": list(properties), "properties": properties}


def body(required: tuple[str, ...], **properties: Json) -> Json:
    """What a client sends."""
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}
