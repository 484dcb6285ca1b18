"""JSON Schema (2020-12) of a facility profile: the file an engineer writes to connect a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: A field, component or subcomponent: `PID-3`, `PID-3.4`, `PID-3[2].4.1`; without [n]: every repetition.
PLACE: Final = r"^[A-Z][A-Z0-9]{2}-[1-9][0-9]?[0-9]?(\[[1-9][0-9]*\])?(\.[1-9][0-9]*){0,2}$"

_TEXT: Final = {"type": "string", "minLength": 1}
_PLACE: Final = {"type": "string", "pattern": PLACE}

_IDENTIFIER: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["system"],
    "additionalProperties": False,
    "properties": {
        "kind": {**_TEXT, "description": "Matches the kind the sender states (CX.5)."},
        "authority": {
            **_TEXT,
            "description": "Matches any part of the assigning authority (CX.4 or EI.2 to EI.4).",
        },
        "at": {**_PLACE, "description": "Matches only identifiers of this field (PV1-19, ORC-2); none: any field."},
        "system": {"type": "string", "format": "uri", "minLength": 1, "description": "Identifier.system it becomes."},
        "type": {**_TEXT, "description": "Identifier.type, a code of HL7 table 0203 (MR, NI, VN)."},
        "patient_key": {
            "type": "boolean",
            "default": False,
            "description": "The patient may be recognised by it; among several, the rule that stands first.",
        },
    },
}

_STEP: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["step"],
    "additionalProperties": False,
    "properties": {
        "step": {
            "enum": ["move", "copy", "set-default", "map-values", "remove-values", "strip", "split-name", "plain-time"]
        },
        "at": {**_PLACE, "description": "Where it works; for move and copy: where it writes."},
        "from": {**_PLACE, "description": "For move and copy: where it reads."},
        "value": {"type": "string", "description": "For set-default: the text put where nothing stands."},
        "values": {
            "description": "For map-values: new text by old; for remove-values: the texts that mean nothing.",
            "oneOf": [
                {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ],
        },
        "events": {"type": "array", "items": _TEXT, "description": "Only for these events (ADT^A08); none: all."},
    },
    "allOf": [
        {"required": ["at"]},
        {"if": {"properties": {"step": {"enum": ["move", "copy"]}}}, "then": {"required": ["from"]}},
        {"if": {"properties": {"step": {"const": "set-default"}}}, "then": {"required": ["value"]}},
        {
            "if": {"properties": {"step": {"const": "map-values"}}},
            "then": {"required": ["values"], "properties": {"values": {"type": "object"}}},
        },
        {
            "if": {"properties": {"step": {"const": "remove-values"}}},
            "then": {"required": ["values"], "properties": {"values": {"type": "array"}}},
        },
    ],
}

_CODING: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["system", "code"],
    "additionalProperties": False,
    "properties": {
        "system": {"type": "string", "format": "uri", "minLength": 1},
        "code": _TEXT,
        "display": _TEXT,
    },
}

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "HL7 v2 facility profile of Yilian Hub",
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
        "charset": {**_TEXT, "description": "Character set of all messages, whatever MSH-18 says; none: found out."},
        "zone": {
            "type": "string",
            "pattern": "^[+-](0[0-9]|1[0-4]):[0-5][0-9]$",
            "description": "Offset of times that state none, such as +08:00 (which holds if this is absent).",
        },
        "null_policy": {
            "enum": ["clear", "ignore"],
            "default": "clear",
            "description": 'What "" in a field means: remove what is stored, or nothing.',
        },
        "accept": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "events": {
                    "type": "array",
                    "items": {"type": "string", "pattern": r"^[A-Z0-9]{3}\^([A-Z0-9]{3}|\*)$"},
                    "description": "Events that are taken (ADT^A01, SIU^*); others are refused. None: all.",
                },
                "versions": {"type": "array", "items": _TEXT, "description": "Versions (MSH-12.1) taken. None: all."},
            },
        },
        "identifiers": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "ignore": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Values that are no identifier, besides empty ones and zeros.",
                },
                "rules": {
                    "type": "array",
                    "items": _IDENTIFIER,
                    "description": "How identifiers are named; the first rule that matches wins.",
                },
            },
        },
        "steps": {"type": "array", "items": _STEP, "description": "Pre-processors, in the order they are applied."},
        "codes": {
            "type": "object",
            "description": "By field: local code to standard coding.",
            "propertyNames": {"pattern": PLACE},
            "additionalProperties": {"type": "object", "additionalProperties": _CODING},
        },
        "rows": {
            "type": "object",
            "description": "By key of a mapping row: what replaces it; null removes it.",
            "additionalProperties": {"type": ["object", "null"]},
        },
    },
}
