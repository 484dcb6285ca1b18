"""Schemas of the workbench for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from hub.api.schema_parts import COUNT, DAY, FLAG, INSTANT, NO_COUNT, NO_TEXT, TEXT, body, items, made
from hub.kernel.types import Json

_BYTES: Final[Json] = {"type": "string", "contentEncoding": "base64"}
_ANY: Final[Json] = {"type": "object"}
_COUNTS: Final[Json] = {"type": "object", "additionalProperties": COUNT}

_STATE: Final[Json] = {"enum": ["queued", "done", "warnings", "dead", "duplicate", "conflict", "superseded"]}
_LINE: Final[Json] = {"position": TEXT, "outcome": TEXT, "targets": items(TEXT), "reason": TEXT}
_EDITION: Final[Json] = {
    "oneOf": [
        {"type": "null"},
        made(number=COUNT, profile=TEXT, digest=TEXT, since=INSTANT, messages=COUNT),
    ]
}
_REASON: Final[Json] = made(
    category=TEXT, code=TEXT, where=TEXT, what=TEXT, todo=TEXT, issues=items(_ANY), repeats=NO_COUNT
)
_SUMMARY: Final[Json] = made(
    id=COUNT,
    feed=TEXT,
    facility=TEXT,
    kind=TEXT,
    state=_STATE,
    received_at=INSTANT,
    processed_at=NO_TEXT,
    reason=_REASON,
    attempts=COUNT,
    size=COUNT,
    repaired=FLAG,
)
_DIFFERENCE: Final[Json] = made(
    at=TEXT, name=TEXT, change={"enum": ["changed", "added", "removed"]}, before=TEXT, after=TEXT
)
_FIELD: Final[Json] = made(source=TEXT, outcome=TEXT, targets=items(TEXT), reason=TEXT)
_PART: Final[Json] = {
    "type": "object",
    "required": ["at"],
    "properties": {"at": TEXT, "name": TEXT, "type": TEXT, "text": TEXT, "parts": items(_ANY)},
}
_FILTER: Final[Json] = {
    "feed": TEXT,
    "states": items(_STATE),
    "code": TEXT,
    "since": INSTANT,
    "until": INSTANT,
    "numbers": items(COUNT),
    "kind": TEXT,
    "control": TEXT,
}
_COLOUR: Final[Json] = {"enum": ["blue", "yellow", "red"]}
_FEED: Final[Json] = made(
    feed=TEXT,
    facility=TEXT,
    transport=TEXT,
    format=TEXT,
    state=_COLOUR,
    findings=items(made(colour=_COLOUR, code=TEXT, text=TEXT)),
    first=NO_TEXT,
    last=NO_TEXT,
    hour=COUNT,
    day=COUNT,
    waits=COUNT,
    oldest=NO_TEXT,
    dead=COUNT,
    dead_hour=COUNT,
)
_STEPS: Final[Json] = items(_ANY)
_TARGET: Final[Json] = body(("system", "code"), system=TEXT, code=TEXT, display=TEXT)
_MEANING: Final[Json] = body(("field", "code", "target"), field=TEXT, system=TEXT, code=TEXT, target=_TARGET)

WORKBENCH: Final[Json] = {
    "Feeds": made(feeds=items(_FEED)),
    "MessageCounts": made(messages=items(made(feed=TEXT, state=_STATE, count=COUNT))),
    "SeenCodes": made(
        codes=items(
            made(
                feed=TEXT,
                field=TEXT,
                system=TEXT,
                code=TEXT,
                display=TEXT,
                count=COUNT,
                first_seen=INSTANT,
                last_seen=INSTANT,
                message=COUNT,
                mapped={"type": "boolean"},
            )
        )
    ),
    "CodeSuggestions": made(
        suggestions=items(made(system=TEXT, code=TEXT, display=TEXT, score={"type": "number"}, why=TEXT))
    ),
    "CodeMeanings": body(("feed", "codes"), feed=TEXT, codes=items(_MEANING)),
    "CodesApproved": made(codes=COUNT, version=TEXT, replay=_ANY),
    "Messages": made(messages=items(_SUMMARY)),
    "Message": made(
        summary=_SUMMARY,
        peer=TEXT,
        charset=TEXT,
        sha256=TEXT,
        text=TEXT,
        repaired_text=NO_TEXT,
        repairs=items(_ANY),
        changes=items(_DIFFERENCE),
        report=items(_FIELD),
        parsed=items(_PART),
        fhir=items(_ANY),
        resources=COUNT,
    ),
    "Unmask": body(("reason",), reason=TEXT, parsed=FLAG, fhir=FLAG),
    "RawWanted": body(("reason",), reason=TEXT, original=FLAG),
    "Raw": made(raw=_BYTES, sha256=TEXT),
    "Replay": body((), reason=TEXT, **_FILTER),
    "Repair": body(("raw", "reason"), raw=_BYTES, reason=TEXT),
    "Queued": made(queued=items(COUNT)),
    "Attempt": body((), raw=_BYTES, steps=_STEPS, profile=TEXT),
    "Trial": made(
        message=COUNT,
        state=_STATE,
        reason=_REASON,
        changes=items(_DIFFERENCE),
        report=items(_FIELD),
        report_changes=items(
            made(position=TEXT, outcome=TEXT, targets=TEXT, reason=TEXT, change={"enum": ["added", "removed"]})
        ),
        resources=items(
            made(
                resource=TEXT,
                change={"enum": ["created", "changed", "unchanged"]},
                elements=items(TEXT),
                after=_ANY,
            )
        ),
    ),
    "BulkRule": body((), steps=_STEPS, after=COUNT, most=COUNT, **_FILTER),
    "NewBulkRepair": body(("reason",), steps=_STEPS, reason=TEXT, **_FILTER),
    "Advance": body((), most=COUNT),
    "BulkPreview": made(total=COUNT, looked=COUNT, unchanged=COUNT, states=_COUNTS, codes=_COUNTS, last=NO_COUNT),
    "BulkRepair": made(
        id=TEXT,
        engineer=TEXT,
        reason=TEXT,
        only=_ANY,
        steps=_STEPS,
        begun=INSTANT,
        ended=NO_TEXT,
        queued=COUNT,
        unchanged=COUNT,
        refused=COUNT,
        left=COUNT,
    ),
    "ConversionReport": made(
        feed=TEXT,
        messages=COUNT,
        lines=items(made(**_LINE, messages=COUNT, leaves=COUNT, first=DAY, last=DAY)),
    ),
    "ConversionChanges": made(
        feed=TEXT, before=_EDITION, after=_EDITION, lines=items(made(**_LINE, before=COUNT, after=COUNT))
    ),
}
