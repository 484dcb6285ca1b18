"""JSON Schema (2020-12) of a facility profile: the file an engineer writes to connect a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mappings.hl7v2.profiles.schema_steps import EVENT, STEPS, by_type

#: A field as a whole: `PID-3`.
FIELD: Final = r"[A-Z][A-Z0-9]{2}-[1-9][0-9]?[0-9]?"
#: How a mapping row is named: `PID-5:Patient.name[]`.
ROW_KEY: Final = rf"^{FIELD}:[A-Z][A-Za-z]+(\.[A-Za-z]+(\[[A-Za-z0-9-]*\])?)+$"

_TEXT: Final = {"type": "string", "minLength": 1}

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
        "at": {
            "type": "string",
            "pattern": f"^{FIELD}$",
            "description": "Matches only identifiers of this field (PV1-19, ORC-2); none: any field.",
        },
        "system": {
            "type": "string",
            "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
            "description": "Identifier.system it becomes, a URI.",
        },
        "type": {**_TEXT, "description": "Identifier.type, a code of HL7 table 0203 (MR, NI, VN)."},
        "patient_key": {
            "type": "boolean",
            "default": False,
            "description": "The patient may be recognised by it; among several, the rule that stands first.",
        },
    },
}

_CODING: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["system", "code"],
    "additionalProperties": False,
    "properties": {
        "system": {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"},
        "code": {"type": "string", "pattern": r"^\S+( \S+)*$"},
        "display": _TEXT,
    },
}

_CODE_FILE: Final = {
    "type": "string",
    "pattern": r"\.csv$",
    "description": "CSV beside the profile, UTF-8, first line local,system,code,display.",
}
_CODE_MAP: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": by_type(object=_CODING, array={"items": _CODING, "minItems": 1}),
}
_CODES: Final = by_type(
    string=_CODE_FILE,
    object=_CODE_MAP,
    array={"items": by_type(string=_CODE_FILE, object=_CODE_MAP), "minItems": 1},
)

_ROW: Final[Mapping[str, Any]] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "to": {**_TEXT, "description": "Another target, a path within the resource."},
        "as": {**_TEXT, "description": "Datatype map (XPN, CX, CodeableConcept, text, dateTime)."},
        "table": {**_TEXT, "description": "Code table of the hub."},
        "word": {**_TEXT, "description": "What the datatype map is told (home, work)."},
        "when": {**_TEXT, "description": "Condition: PV1-2 = I and not PID-30."},
        "with": {"type": "object", "description": "Constants of the element, such as the url of an extension."},
        "outer": {"type": "object", "description": "Constants of the first list element on the way."},
        "value": {"description": "A constant in place of the field's own value."},
    },
}

_POLICY: Final = {"enum": ["clear", "ignore"]}

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "HL7 v2 facility profile of Yilian Hub",
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
        "extends": {
            **_TEXT,
            "description": "A profile this one changes: a file (vendor.yaml, relative to this one), or one that comes "
            "with the hub (china-common).",
        },
        "charset": {**_TEXT, "description": "Character set of all messages, whatever MSH-18 says; none: found out."},
        "zone": {
            "type": "string",
            "pattern": "^[+-](0[0-9]|1[0-4]):[0-5][0-9]$",
            "description": "Offset of times that state none, such as +08:00 (which holds if this is absent).",
        },
        "visit_key": {
            "enum": ["number", "number-and-admission"],
            "default": "number",
            "description": "What a stay is known by. number-and-admission: the day of PV1-44 too, where it is stated, "
            "for senders who give a visit number again after some time.",
        },
        "null_policy": {
            "description": 'What "" in a field means: remove what is stored, or nothing; also by segment or field.',
            "default": "clear",
            **by_type(
                string=_POLICY,
                object={
                    "propertyNames": {"pattern": f"^(default|[A-Z][A-Z0-9]{{2}}|{FIELD})$"},
                    "additionalProperties": _POLICY,
                },
            ),
        },
        "accept": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "events": {
                    "type": "array",
                    "items": {"type": "string", "pattern": EVENT},
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
        "steps": {"type": "array", "items": STEPS, "description": "Pre-processors, in the order they are applied."},
        "codes": {
            "type": "object",
            "description": "By field, or several (OBX-3, OBR-4): local code, or its text, to standard codings.",
            "propertyNames": {"pattern": f"^{FIELD}(, *{FIELD})*$"},
            "additionalProperties": _CODES,
        },
        "code_systems": {
            "type": "object",
            "description": "By name of a coding system as it is sent (CWE.3): local code to standard codings.",
            "additionalProperties": _CODES,
        },
        "concept_maps": {
            "type": "object",
            "description": "By field, or several (OBX-3, OBR-4): url, or url|version, of a ConceptMap of the "
            "terminology; asked where `codes` and `code_systems` say nothing.",
            "propertyNames": {"pattern": f"^{FIELD}(, *{FIELD})*$"},
            "additionalProperties": {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"},
        },
        "unmapped": {
            "type": "object",
            "description": "By field: what a local code without an entry does. keep: it stays as it is, and is listed; "
            "block: the message is a dead letter.",
            "propertyNames": {"pattern": f"^{FIELD}$"},
            "additionalProperties": {"enum": ["keep", "block"]},
        },
        "rows": {
            "type": "object",
            "description": "By key of a mapping row: what replaces it, or a row of its own; null removes it.",
            "propertyNames": {"pattern": ROW_KEY},
            "additionalProperties": _ROW,
        },
    },
}
