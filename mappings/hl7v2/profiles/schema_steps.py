"""JSON Schema of one pre-processor: which arguments each takes stands in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: A field, component or subcomponent: `PID-3`, `PID-3.4`, `PID-3[2].4.1`; without [n]: every repetition.
PLACE: Final = r"^[A-Z][A-Z0-9]{2}-[1-9][0-9]?[0-9]?(\[[1-9][0-9]*\])?(\.[1-9][0-9]*){0,2}$"
#: An event, or all of a type: `ADT^A01`, `SIU^*`.
EVENT: Final = r"^[A-Z0-9]{3}\^([A-Z0-9]{3}|\*)$"
_SEGMENT: Final = r"^[A-Z][A-Z0-9]{2}$"

_TEXT: Final = {"type": "string", "minLength": 1}
_PLACE: Final = {"type": "string", "pattern": PLACE}
_LIST: Final = {"values": {"type": "array"}}
_TABLE: Final = {"values": {"type": "object"}}


def by_type(**schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema that depends on the JSON type alone, so that a complaint is about the part that is wrong."""
    cases = [{"if": {"type": name}, "then": schema} for name, schema in schemas.items()]
    return {"type": list(schemas), "allOf": cases}


#: What every step may say.
_COMMON: Final = frozenset({"step", "name", "replace", "at", "events", "when"})

#: By step: the arguments it must have, those it may have, and what is special about them.
_ARGUMENTS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...], Mapping[str, Any]]]] = {
    "copy": (("from",), (), {}),
    "move": (("from",), (), {}),
    "set-default": ((), ("value", "from"), {}),
    "map-values": (("values",), (), _TABLE),
    "remove-values": (("values",), (), _LIST),
    "strip": ((), (), {}),
    "half-width": ((), (), {}),
    "plain-time": ((), (), {}),
    "split-name": ((), (), {}),
    "replace-text": (("pattern", "value"), (), {}),
    "split-repetitions": (("value",), (), {"value": {"minLength": 1}}),
    "drop-repetitions": (("values",), (), _LIST),
    "drop-segment": ((), (), {"at": {"pattern": _SEGMENT}}),
}


def _arguments(step: str) -> Mapping[str, Any]:
    required, optional, special = _ARGUMENTS[step]
    known = sorted(_COMMON | {*required, *optional})
    then: dict[str, Any] = {
        "required": ["at", *required],
        "propertyNames": {"enum": known},
        "properties": special if "at" in special else {**special, "at": {"pattern": PLACE}},
    }
    if step == "set-default":
        then["oneOf"] = [{"required": ["value"]}, {"required": ["from"]}]
    return {"if": {"properties": {"step": {"const": step}}, "required": ["step"]}, "then": then}


_STEP: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["step"],
    "additionalProperties": False,
    "properties": {
        "step": {"enum": list(_ARGUMENTS)},
        "name": {**_TEXT, "description": "By which a profile that extends this one drops or replaces it."},
        "replace": {**_TEXT, "description": "Name of a step of the extended profile; this one takes its place."},
        "at": {
            "type": "string",
            "description": "Where it works: PID-3, PID-3.4, PID-3[2].4.1; for move and copy where it writes; for "
            "drop-segment the segment.",
        },
        "from": {**_PLACE, "description": "For move, copy and set-default: where it reads."},
        "value": {
            "type": "string",
            "description": "For set-default the text put where nothing stands; for replace-text what a match becomes "
            "(\\1 is its first group); for split-repetitions the separator.",
        },
        "pattern": {
            **_TEXT,
            "maxLength": 500,
            "description": "For replace-text: a regular expression of RE2.",
        },
        "values": {
            "description": "For map-values: new text by old; for remove-values and drop-repetitions: a list of texts.",
            **by_type(
                object={"additionalProperties": {"type": "string"}, "minProperties": 1},
                array={"items": {"type": "string"}, "minItems": 1},
            ),
        },
        "events": {
            "type": "array",
            "items": {"type": "string", "pattern": EVENT},
            "description": "Only for these events (ADT^A08, SIU^*); none: all.",
        },
        "when": {**_TEXT, "description": "Only where it holds, in the language of mapping rows: PV1-2 = O."},
    },
    "allOf": [_arguments(step) for step in _ARGUMENTS],
}

_DROP: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["drop"],
    "additionalProperties": False,
    "properties": {"drop": {**_TEXT, "description": "Name of a step of the extended profile that is left out."}},
}

#: An item of `steps`.
STEPS: Final[Mapping[str, Any]] = {"if": {"required": ["drop"]}, "then": _DROP, "else": _STEP}

#: Names of the steps.
NAMES: Final = tuple(_ARGUMENTS)
