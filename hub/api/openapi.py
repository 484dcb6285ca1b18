"""The OpenAPI 3.1 document of the JSON doors, made from their table. FHIR has its own: `/fhir/metadata`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.api.consent_schemas import CONSENT, fhir
from hub.api.device_schemas import DEVICES
from hub.api.json_doors import Door
from hub.api.review_schemas import REVIEW
from hub.api.workbench_schemas import WORKBENCH
from hub.gate.aggregate_wish import By
from hub.kernel.types import Json

PATH: Final = "/api/openapi.json"

_REFERENCE: Final = re.compile(r'"#/components/schemas/(\w+)"')

_TEXT: Final[Json] = {"type": "string"}
_NUMBER: Final[Json] = {"type": "integer", "minimum": 0}
_HASHES: Final[Json] = {"type": "array", "items": {"type": "string", "contentEncoding": "base64"}}
_HEAD: Final[Json] = {"size": _NUMBER, "signed": {"type": "string", "format": "date-time"}, "note": _TEXT}


def _object(required: Sequence[str], **properties: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": properties}


SCHEMAS: Final[Json] = {
    **CONSENT,
    "OperationOutcome": fhir("OperationOutcome"),
    "SubscriptionTopics": _object(["topics"], topics={"type": "array", "items": {"type": "object"}}),
    "OutboundFeeds": _object(["feeds"], feeds={"type": "array", "items": {"type": "object"}}),
    "OutboundMessages": _object(["messages"], messages={"type": "array", "items": {"type": "object"}}),
    "IndexProgress": _object(["indexed"], indexed={"type": "array", "items": {"type": "object"}}),
    "Resent": _object(["resent"], resent={"type": "integer"}),
    "AggregateQuery": {
        **_object(["count"], count=_TEXT, by={"type": "array", "items": {"enum": list(get_args(By))}, "maxItems": 3}),
        "additionalProperties": False,
    },
    "Aggregate": _object(
        ["count", "by", "cells", "least", "moved", "at"],
        count=_TEXT,
        by={"type": "array", "items": _TEXT},
        cells={
            "type": "array",
            "items": {
                **_object(["persons"], persons=_NUMBER),
                "additionalProperties": _TEXT,
            },
        },
        least=_NUMBER,
        moved=_NUMBER,
        at=_TEXT,
    ),
    "Alarms": _object(["alarms"], alarms={"type": "array", "items": {"type": "object"}}),
    "Checkpoint": _object(sorted(_HEAD), **_HEAD),
    "ConsistencyProof": _object([*sorted(_HEAD), "first", "proof"], **_HEAD, first=_NUMBER, proof=_HASHES),
    "InclusionProof": _object(
        [*sorted(_HEAD), "index", "proof", "leaf", "items"],
        **_HEAD,
        index=_NUMBER,
        proof=_HASHES,
        leaf=_TEXT,
        items={"type": "array", "items": {"type": ["string", "null"]}},
    ),
    "AuditReport": _object(
        ["document", "shares", "pending", "erased"],
        document={"type": "object"},
        shares={"type": "array", "items": {"type": "object"}},
        pending=_NUMBER,
        erased=_NUMBER,
    ),
    **WORKBENCH,
    "TakenFile": _object(
        ["messages", "states", "mend"],
        messages={"type": "array", "items": {"type": "object"}},
        states={"type": "object", "additionalProperties": {"type": "integer"}},
        mend={"type": "string", "contentEncoding": "base64"},
    ),
    "StudyNotice": _object(["study"], study={"type": "string", "description": "StudyInstanceUID"}),
    "PulledStudy": _object(["message", "state"], message={"type": "integer"}, state={"type": "string"}),
    **REVIEW,
    **DEVICES,
}


def document(doors: Sequence[Door], version: str) -> Json:
    """The document of `doors`."""
    paths: dict[str, Json] = {}
    for door in doors:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Yilian Hub", "version": version},
        "paths": paths,
        "components": {
            "schemas": _schemas(paths),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"token": []}],
    }


def _schemas(paths: Json) -> Json:
    """The schemas that paths refer to, and those that these refer to."""
    found: Json = {}
    waiting = _referred(paths)
    while waiting:
        name = waiting.pop()
        found[name] = SCHEMAS[name]
        waiting |= _referred(SCHEMAS[name]) - found.keys()
    return {name: schema for name, schema in SCHEMAS.items() if name in found}


def _referred(part: Json) -> set[str]:
    return set(_REFERENCE.findall(json.dumps(part)))


def openapi_route(doors: Sequence[Door], version: str) -> Route:
    """`/api/openapi.json`, open to all: it tells nothing about records."""
    content = document(doors, version)

    async def page(_: Request) -> Response:
        return JSONResponse(content)

    return Route(PATH, page)


def _operation(door: Door) -> Json:
    operation: Json = {
        "operationId": _name(door),
        "summary": door.summary,
        "description": f"Roles: {', '.join(door.roles)}" if door.roles else "Any role",
        "responses": {
            str(door.status): _content("As asked", door.gives),
            "default": _content("Refused: what is wrong, and what to do", "OperationOutcome"),
        },
    }
    parameters = [_parameter(name, "path", "Opaque id") for name in re.findall(r"{(\w+)}", door.path)]
    parameters += [_parameter(name, "query", text) for name, text in (door.query or {}).items()]
    if parameters:
        operation["parameters"] = parameters
    if door.takes:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{door.takes}"}}}
        operation["requestBody"] = {"required": door.body_needed, "content": content}
    if door.takes_file:
        operation["requestBody"] = {"required": True, "content": {"*/*": {"schema": {}}}}
    return operation


def _content(description: str, schema: str) -> Json:
    media = "application/fhir+json" if schema in ("Consent", "Bundle", "OperationOutcome") else "application/json"
    return {"description": description, "content": {media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _parameter(name: str, place: str, description: str) -> Json:
    found: dict[str, Any] = {"name": name, "in": place, "description": description, "schema": _TEXT}
    return {**found, "required": True} if place == "path" else found


def _name(door: Door) -> str:
    words = re.findall(r"[a-z]+", door.path.removeprefix("/api"))
    return "-".join([door.method.lower(), *words])
