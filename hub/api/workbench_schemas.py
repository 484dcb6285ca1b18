"""Schemas of the workbench for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json

_TEXT: Final[Json] = {"type": "string"}
_FLAG: Final[Json] = {"type": "boolean"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_DAY: Final[Json] = {"type": "string", "format": "date"}
_INSTANT: Final[Json] = {"type": "string", "format": "date-time"}
_BYTES: Final[Json] = {"type": "string", "contentEncoding": "base64"}
_ANY: Final[Json] = {"type": "object"}
_COUNTS: Final[Json] = {"type": "object", "additionalProperties": _COUNT}
_NO_TEXT: Final[Json] = {"type": ["string", "null"]}
_NO_NUMBER: Final[Json] = {"type": ["integer", "null"]}


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


def _object(**properties: Json) -> Json:
    """All of its members are always there."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _body(required: tuple[str, ...], **properties: Json) -> Json:
    """What a client sends."""
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


_STATE: Final[Json] = {"enum": ["queued", "done", "warnings", "dead", "duplicate", "conflict", "superseded"]}
_LINE: Final[Json] = {"position": _TEXT, "outcome": _TEXT, "targets": _list(_TEXT), "reason": _TEXT}
_EDITION: Final[Json] = {
    "oneOf": [
        {"type": "null"},
        _object(number=_COUNT, profile=_TEXT, digest=_TEXT, since=_INSTANT, messages=_COUNT),
    ]
}
_REASON: Final[Json] = _object(
    category=_TEXT, code=_TEXT, where=_TEXT, what=_TEXT, todo=_TEXT, issues=_list(_ANY), repeats=_NO_NUMBER
)
_SUMMARY: Final[Json] = _object(
    id=_COUNT,
    feed=_TEXT,
    facility=_TEXT,
    kind=_TEXT,
    state=_STATE,
    received_at=_INSTANT,
    processed_at=_NO_TEXT,
    reason=_REASON,
    attempts=_COUNT,
    size=_COUNT,
    repaired=_FLAG,
)
_DIFFERENCE: Final[Json] = _object(
    at=_TEXT, name=_TEXT, change={"enum": ["changed", "added", "removed"]}, before=_TEXT, after=_TEXT
)
_FIELD: Final[Json] = _object(source=_TEXT, outcome=_TEXT, targets=_list(_TEXT), reason=_TEXT)
_PART: Final[Json] = {
    "type": "object",
    "required": ["at"],
    "properties": {"at": _TEXT, "name": _TEXT, "type": _TEXT, "text": _TEXT, "parts": _list(_ANY)},
}
_FILTER: Final[Json] = {
    "feed": _TEXT,
    "states": _list(_STATE),
    "code": _TEXT,
    "since": _INSTANT,
    "until": _INSTANT,
    "numbers": _list(_COUNT),
    "kind": _TEXT,
    "control": _TEXT,
}
_STEPS: Final[Json] = _list(_ANY)

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
    "Messages": _object(messages=_list(_SUMMARY)),
    "Message": _object(
        summary=_SUMMARY,
        peer=_TEXT,
        charset=_TEXT,
        sha256=_TEXT,
        text=_TEXT,
        repaired_text=_NO_TEXT,
        repairs=_list(_ANY),
        changes=_list(_DIFFERENCE),
        report=_list(_FIELD),
        parsed=_list(_PART),
        fhir=_list(_ANY),
        resources=_COUNT,
    ),
    "Unmask": _body(("reason",), reason=_TEXT, parsed=_FLAG, fhir=_FLAG),
    "RawWanted": _body(("reason",), reason=_TEXT, original=_FLAG),
    "Raw": _object(raw=_BYTES, sha256=_TEXT),
    "Replay": _body((), reason=_TEXT, **_FILTER),
    "Repair": _body(("raw", "reason"), raw=_BYTES, reason=_TEXT),
    "Queued": _object(queued=_list(_COUNT)),
    "Attempt": _body((), raw=_BYTES, steps=_STEPS, profile=_TEXT),
    "Trial": _object(
        message=_COUNT,
        state=_STATE,
        reason=_REASON,
        changes=_list(_DIFFERENCE),
        report=_list(_FIELD),
        report_changes=_list(
            _object(position=_TEXT, outcome=_TEXT, targets=_TEXT, reason=_TEXT, change={"enum": ["added", "removed"]})
        ),
        resources=_list(
            _object(
                resource=_TEXT,
                change={"enum": ["created", "changed", "unchanged"]},
                elements=_list(_TEXT),
                after=_ANY,
            )
        ),
    ),
    "BulkRule": _body((), steps=_STEPS, after=_COUNT, most=_COUNT, **_FILTER),
    "NewBulkRepair": _body(("reason",), steps=_STEPS, reason=_TEXT, **_FILTER),
    "Advance": _body((), most=_COUNT),
    "BulkPreview": _object(
        total=_COUNT, looked=_COUNT, unchanged=_COUNT, states=_COUNTS, codes=_COUNTS, last=_NO_NUMBER
    ),
    "BulkRepair": _object(
        id=_TEXT,
        engineer=_TEXT,
        reason=_TEXT,
        only=_ANY,
        steps=_STEPS,
        begun=_INSTANT,
        ended=_NO_TEXT,
        queued=_COUNT,
        unchanged=_COUNT,
        refused=_COUNT,
        left=_COUNT,
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
