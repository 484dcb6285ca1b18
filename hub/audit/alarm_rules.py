"""The rules of alarms as data: read, checked, with the line of every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from hub.audit.entry import Outcome
from hub.kernel.types import Json
from hub.kernel.yamlfile import check, read, refuse

#: The rules that come with the hub.
SHIPPED: Final = Path(__file__).with_name("alarms.yaml")

_TEXTS: Final[Json] = {"type": "array", "items": {"type": "string"}}
_HOUR: Final[Json] = {"type": "integer", "minimum": 0, "maximum": 24}
_RULE: Final[Json] = {
    "type": "object",
    "required": ["name", "level", "when", "count", "by", "most", "minutes"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
        "level": {"enum": ["red", "yellow", "blue"]},
        "count": {"enum": ["entries", "patients"]},
        "by": {"enum": ["requester", "client", "address"]},
        "most": {"type": "integer", "minimum": 0},
        "minutes": {"type": "integer", "minimum": 1, "maximum": 1440},
        "when": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "outcomes": {"type": "array", "items": {"enum": [outcome.value for outcome in Outcome]}},
                "reasons": _TEXTS,
                "break_glass": {"const": True},
                "roles": _TEXTS,
                "between": {"type": "array", "items": _HOUR, "minItems": 2, "maxItems": 2},
                "deed": {"type": "string"},
                "list": {"enum": ["vip", "family"]},
            },
        },
    },
}
SCHEMA: Final[Json] = {
    "type": "object",
    "required": ["rules"],
    "additionalProperties": False,
    "properties": {
        "lists": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"vip": _TEXTS, "family": {"type": "object", "additionalProperties": _TEXTS}},
        },
        "rules": {"type": "array", "items": _RULE},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Above `most` (of `count`, by `by`) of the entries that `when` describes, within `span`: an alarm of `level`."""

    name: str
    level: str
    when: Mapping[str, Any]
    count: str
    by: str
    most: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules, and the lists they speak of: VIP patients, and patients of the family by who may not read them."""

    rules: tuple[Rule, ...]
    vip: frozenset[str]
    family: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, path: Path = SHIPPED) -> Rules:
        """The rules of a file. Raises HubError NOT_FOUND, UNREADABLE or INVALID with lines."""
        file = read(path)
        refuse(file, check(file, SCHEMA))
        lists = file.data.get("lists", {})
        return cls(
            rules=tuple(_rule(one) for one in file.data["rules"]),
            vip=frozenset(lists.get("vip", ())),
            family={who: frozenset(patients) for who, patients in lists.get("family", {}).items()},
        )


def _rule(told: Json) -> Rule:
    plain = {name: value for name, value in told.items() if name != "minutes"}
    return Rule(**plain, span=timedelta(minutes=told["minutes"]))
