"""The parameters of a bulk export, read (Bulk Data Access 2.0, export.html#query-parameters). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import parse_qsl

from consent.tables import NON_PATIENT_TYPES
from hub.fhir.references import parse_reference
from hub.fhir.temporal import interval
from hub.gate.parameters import invalid, once, strangers
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Query
from hub.store.query import parse_query
from hub.store.resource_types import NUMBERS

Level = Literal["system", "patient", "group"]
Parameters = Sequence[tuple[str, str]]

_KNOWN: Final = frozenset({"_outputFormat", "_since", "_until", "_type", "_typeFilter"})
#: Made from the trail, not stored.
_COMPUTED: Final = frozenset({"AuditEvent"})
_FORMATS: Final = frozenset({"application/fhir+ndjson", "application/ndjson", "ndjson"})
#: Queries are joined by commas, which also stand inside of them: one begins with a type and a question mark.
_NEXT_QUERY: Final = re.compile(r",(?=[A-Z][A-Za-z]{1,63}\?)")
#: What may be the name of a search parameter is told in a refusal; anything else may be a value gone astray.
_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """What is to be exported. No `types` means all; `filters` are alternatives by type.

    Changed after `since`, and before or at `until`; `patients` outside of whom nothing is wanted (None: no limit).
    `ignored` names the parameters lenient reading left out.
    """

    level: Level
    types: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    filters: tuple[Query, ...] = ()
    patients: tuple[str, ...] | None = None
    ignored: tuple[str, ...] = ()

    def wants(self, rtype: str) -> bool:
        """Whether resources of a type are asked for: of what is about nobody, by name or at the system level only."""
        if self.types:
            return rtype in self.types
        return self.level == "system" or rtype not in NON_PATIENT_TYPES


def read_export(level: Level, params: Parameters, *, lenient: bool, base_url: str) -> ExportWish:
    """Read the parameters; those that take commas may come several times too.

    Raises HubError UNSUPPORTED naming parameters the hub does not have (not if `lenient`), INVALID for a value that
    cannot be.
    """
    known = _KNOWN if level == "system" else _KNOWN | {"patient"}
    unread = strangers(params, known, lenient=lenient)
    once(params, "_outputFormat", _format)
    types = frozenset(_type(name) for name in _parts(params, "_type"))
    if level != "system" and types and types <= NON_PATIENT_TYPES:
        raise invalid("names only types that are about no patient; export them at the system level", "_type")
    filters = tuple(
        _filter(text, types, base_url)
        for key, value in params
        if key == "_typeFilter"
        for text in _NEXT_QUERY.split(value)
    )
    patients = tuple(_patient(value) for key, value in params if key == "patient")
    return ExportWish(
        level=level,
        types=types,
        since=once(params, "_since", _instant),
        until=once(params, "_until", _instant),
        filters=filters,
        patients=patients or None,
        ignored=unread,
    )


def read_filter(text: str, where: str, base_url: str) -> Query:
    """One search of one type, `Type?parameters`, as criteria alone.

    Raises HubError UNSUPPORTED or INVALID, at `where`, for one that cannot be read or says what to answer with.
    """
    rtype, _, query = text.partition("?")
    if rtype not in NUMBERS or not query:
        raise invalid("is not a search of one resource type", where)
    try:
        params = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
        found = parse_query(rtype, params, base_url=base_url)
    except ValueError:
        raise invalid("is not a query", where) from None
    except HubError as refusal:
        place = f"{where} {refusal.where}" if _NAME.fullmatch(refusal.where) else where
        raise HubError(refusal.category, refusal.what, where=place, todo=refusal.todo, code=refusal.code) from None
    if found != Query(found.type, found.clauses, asked=found.asked):
        raise HubError(
            Category.UNSUPPORTED,
            "has a parameter about the result, not about what is looked for",
            where=where,
            todo="leave out _sort, _count, _include and their like",
            code="unknown-parameter",
        )
    return found


def _filter(text: str, types: frozenset[str], base_url: str) -> Query:
    found = read_filter(text, "_typeFilter", base_url)
    if types and found.type not in types:
        raise invalid("filters a type that _type leaves out", "_typeFilter")
    return found


def _parts(params: Parameters, name: str) -> list[str]:
    return [part for key, value in params if key == name for part in value.split(",")]


def _format(text: str) -> str:
    # A plus that was not percent-encoded arrives as a space.
    if text.replace(" ", "+").lower() not in _FORMATS:
        raise invalid("is not a format the hub writes: application/fhir+ndjson", "_outputFormat")
    return text


def _type(name: str) -> str:
    if name not in NUMBERS:
        raise invalid("is not a resource type of FHIR R4", "_type")
    if name in _COMPUTED:
        raise HubError(
            Category.UNSUPPORTED,
            "names a type that is not exported: it is made when it is searched for",
            where="_type",
            todo=f"search for {name}",
            code="unsupported-type",
        )
    return name


def _instant(text: str) -> datetime:
    return interval(text.replace(" ", "+"))[0]


def _patient(text: str) -> str:
    target = parse_reference(text)
    if target is None or target.type != "Patient":
        raise invalid("is not a reference to a Patient of this server", "patient")
    return target.id
