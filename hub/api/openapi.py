"""The OpenAPI 3.1 document of the JSON doors, made from their table. FHIR has its own: `/fhir/metadata`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.api.json_doors import Door
from hub.api.review_schemas import REVIEW
from hub.api.workbench_schemas import WORKBENCH
from hub.kernel.types import Json
from hub.records.consent_templates import TEMPLATES

PATH: Final = "/api/openapi.json"

_REFERENCE: Final = re.compile(r'"#/components/schemas/(\w+)"')

_TEXT: Final[Json] = {"type": "string"}
_PERIOD: Final[Json] = {"type": "object", "properties": {"start": _TEXT, "end": _TEXT}, "additionalProperties": False}
_CODE: Final[Json] = {
    "type": "object",
    "required": ["system", "code"],
    "properties": {"system": _TEXT, "code": _TEXT, "display": _TEXT},
}
_VALUES: Final[Json] = {
    "codes": {"type": "array", "items": _CODE, "minItems": 1, "maxItems": 50},
    "types": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 50},
    "labels": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 50},
    "organization": _TEXT,
    "practitioner": _TEXT,
    "hours": {"type": "integer", "minimum": 1, "maximum": 8784},
    "until": _TEXT,
    "only": {"type": "boolean"},
}
_NUMBER: Final[Json] = {"type": "integer", "minimum": 0}
_HASHES: Final[Json] = {"type": "array", "items": {"type": "string", "contentEncoding": "base64"}}
_HEAD: Final[Json] = {"size": _NUMBER, "signed": {"type": "string", "format": "date-time"}, "note": _TEXT}
_SCOPE: Final[Json] = {"type": "array", "items": {"enum": ["read", "consent"]}, "minItems": 1}
_KIND: Final[Json] = {"enum": ["parent", "legal-guardian", "delegate"]}


def _fhir(name: str) -> Json:
    return {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"const": name}},
        "externalDocs": {"url": f"https://hl7.org/fhir/R4/{name.lower()}.html"},
    }


def _object(required: Sequence[str], **properties: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": properties}


def _template(name: str) -> Json:
    """A template's values, the patient and the evidence of a desk."""
    template = TEMPLATES[name]
    values = {key: _VALUES[key] for key in (*template.needs, *template.may)}
    desk: Json = {"patient": _TEXT, "sourceAttachment": {"type": "object"}, "verification": {"type": "array"}}
    return {
        "title": name,
        "description": f"{template.chinese} {template.english}",
        **_object(["template", *template.needs], template={"const": name}, **values, **desk),
        "additionalProperties": False,
    }


_PROXY: Final[Json] = dict.fromkeys(("id", "patient", "reference", "status", "evidence", "recorded"), _TEXT) | {
    "kind": _KIND,
    "scope": _SCOPE,
    "period": _PERIOD,
}

SCHEMAS: Final[Json] = {
    "Consent": _fhir("Consent"),
    "Bundle": _fhir("Bundle"),
    "OperationOutcome": _fhir("OperationOutcome"),
    "ConsentOrTemplate": {"oneOf": [{"$ref": "#/components/schemas/Consent"}, *map(_template, TEMPLATES)]},
    "SubscriptionTopics": _object(["topics"], topics={"type": "array", "items": {"type": "object"}}),
    "OutboundFeeds": _object(["feeds"], feeds={"type": "array", "items": {"type": "object"}}),
    "OutboundMessages": _object(["messages"], messages={"type": "array", "items": {"type": "object"}}),
    "Resent": _object(["resent"], resent={"type": "integer"}),
    "Withdrawal": {**_object([], refuse={"type": "boolean"}), "additionalProperties": False},
    "Templates": _object(["templates"], templates={"type": "array", "items": {"type": "object"}}),
    "NewProxy": _object(
        ["kind", "name"], kind=_KIND, name=_TEXT, scope=_SCOPE, period=_PERIOD, patient=_TEXT, evidence=_TEXT
    ),
    "Proxy": _object(sorted(_PROXY), **_PROXY),
    "Proxies": _object(["proxies"], proxies={"type": "array", "items": {"$ref": "#/components/schemas/Proxy"}}),
    "NewApproval": {
        "oneOf": [
            _object(["kind", "for", "patient"], kind={"const": "second"}, **{"for": _TEXT}, patient=_TEXT),
            _object(
                ["kind", "organization", "period"],
                kind={"const": "ethics"},
                organization=_TEXT,
                period=_PERIOD,
                resourceTypes={"type": "array", "items": _TEXT},
            ),
        ]
    },
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
    **WORKBENCH,
    "TakenFile": _object(
        ["messages", "states", "mend"],
        messages={"type": "array", "items": {"type": "object"}},
        states={"type": "object", "additionalProperties": {"type": "integer"}},
        mend={"type": "string", "contentEncoding": "base64"},
    ),
    **REVIEW,
    "Approval": _object(["id", "kind", "status"], id=_TEXT, kind=_TEXT, status=_TEXT, period=_PERIOD),
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
