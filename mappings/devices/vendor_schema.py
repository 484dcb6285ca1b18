"""The JSON Schema of vendor maps; docs/reference/device-profile.schema.json is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.kernel.yamlfile import read
from mappings.forms.formmap import FOLDER

_TEXT: Final = {"type": "string", "minLength": 1}
_PATH: Final = {**_TEXT, "description": "Names and numbers joined by `.`."}
_WHEN: Final = {
    "type": "object",
    "description": "Only where these members have these values (of a list: one of them; null: absent).",
}
_CODE: Final = {"type": ["string", "integer"]}

_MEASURE: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["name", "text", "path", "unit", "range"],
    "additionalProperties": False,
    "properties": {
        "name": {**_TEXT, "pattern": "^[a-z0-9-]+$", "description": "Ids are made with it."},
        "text": {**_TEXT, "description": "What people call it."},
        "path": _PATH,
        "when": _WHEN,
        "mdc": {**_CODE, "description": "Code of ISO/IEEE 11073-10101."},
        "mdc_name": _TEXT,
        "loinc": _TEXT,
        "display": {**_TEXT, "description": "LOINC's name."},
        "unit": {**_TEXT, "description": "UCUM unit of the Observation."},
        "units": {
            "enum": sorted(read(FOLDER / "units.yaml").data),
            "description": "Family of units; another unit of it is converted.",
        },
        "unit_path": {**_PATH, "description": "Where the unit stands, if it does."},
        "range": {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 2,
            "description": "Plausible values in `unit`; what is outside is not believed.",
        },
        "category": {"enum": ["vital-signs", "laboratory", "activity", "survey"], "default": "vital-signs"},
        "panel": {"enum": ["blood-pressure"], "description": "It is a component of this panel."},
    },
}

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Vendor map: profile of a feed of device readings",
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {**_TEXT, "pattern": "^[A-Za-z0-9_.-]+$", "description": "Ids are made with it."},
        "extends": {**_TEXT, "description": "A map that comes with the hub; what is not said here is as there."},
        "readings": {**_PATH, "description": "Path of the list of readings; absent: the payload is one."},
        "device": {**_PATH, "description": "Path of the device's number."},
        "time": {
            "type": "object",
            "required": ["path", "form"],
            "additionalProperties": False,
            "properties": {
                "path": _PATH,
                "form": {"enum": ["epoch-seconds", "epoch-milliseconds", "text"]},
                "zone": {"type": "string", "pattern": "^[+-][0-9]{2}:[0-9]{2}$", "default": "+08:00"},
            },
        },
        "subject": {
            "type": "object",
            "description": "Who was measured, where readings say so.",
            "required": ["citizen_id"],
            "additionalProperties": False,
            "properties": {"citizen_id": _PATH, "name": _PATH},
        },
        "sent": {**_PATH, "description": "Path, in the payload, of the sender's clock when it sent."},
        "measures": {"type": "array", "minItems": 1, "items": _MEASURE},
        "events": {
            "type": "array",
            "description": "What a device tells of that has no value: an alarm.",
            "items": {
                "type": "object",
                "required": ["name", "text", "when"],
                "additionalProperties": False,
                "properties": {
                    "name": {**_TEXT, "pattern": "^[a-z0-9-]+$", "description": "Its code (urn:hub:device-event)."},
                    "text": {**_TEXT, "description": "What people call it."},
                    "when": {**_WHEN, "minProperties": 1},
                },
            },
        },
    },
}
