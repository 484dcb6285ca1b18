"""Schemas of the workbench for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json

_TEXT: Final[Json] = {"type": "string"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_DAY: Final[Json] = {"type": "string", "format": "date"}
_INSTANT: Final[Json] = {"type": "string", "format": "date-time"}


def _object(**properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


_STATE: Final[Json] = {"enum": ["queued", "done", "warnings", "dead", "duplicate", "conflict", "superseded"]}
_LINE: Final[Json] = {"position": _TEXT, "outcome": _TEXT, "targets": _list(_TEXT), "reason": _TEXT}
_EDITION: Final[Json] = {
    "oneOf": [
        {"type": "null"},
        _object(number=_COUNT, profile=_TEXT, digest=_TEXT, since=_INSTANT, messages=_COUNT),
    ]
}

WORKBENCH: Final[Json] = {
    "MessageCounts": _object(messages=_list(_object(feed=_TEXT, state=_STATE, count=_COUNT))),
    "SeenCodes": _object(
        codes=_list(
            _object(
                feed=_TEXT,
                field=_TEXT,
                system=_TEXT,
                code=_TEXT,
                display=_TEXT,
                count=_COUNT,
                first_seen=_INSTANT,
                last_seen=_INSTANT,
                message=_COUNT,
                mapped={"type": "boolean"},
            )
        )
    ),
    "ConversionReport": _object(
        feed=_TEXT,
        messages=_COUNT,
        lines=_list(_object(**_LINE, messages=_COUNT, leaves=_COUNT, first=_DAY, last=_DAY)),
    ),
    "ConversionChanges": _object(
        feed=_TEXT, before=_EDITION, after=_EDITION, lines=_list(_object(**_LINE, before=_COUNT, after=_COUNT))
    ),
}
