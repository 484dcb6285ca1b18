"""R4 search evaluated naively: every resource against every parameter, one after the other.

Nothing here is shared with the compiler: no hashes, no SQL, no promoted columns. It reads the same index values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

from msgspec import structs

from consent.tables import NON_PATIENT_TYPES
from hub.fhir import numbers, temporal
from hub.fhir.extract import extract
from hub.fhir.fold import fold
from hub.fhir.index_values import IndexValues
from hub.fhir.prefixes import holds, split_prefix
from hub.fhir.references import parse_reference, references
from hub.fhir.search_parameters import SearchParameter, parameters
from hub.kernel.types import Json
from hub.store.values import Facts, Visible
from tests.store.predicate_oracle import World
from tests.store.strategies import GENDERS
from tests.store.text_oracle import content, fits, narrative, runs

Params = Sequence[tuple[str, str]]

#: Parameters that find names by their pinyin.
SPOKEN: Final = frozenset({"name", "phonetic"})

_NEVER = datetime.min.replace(tzinfo=UTC)
_LEAST: dict[str, Any] = {
    "date": _NEVER,
    "string": "",
    "number": Decimal("-Infinity"),
    "quantity": Decimal("-Infinity"),
    "token": "",
    "reference": "",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored resource."""

    resource: Json
    facts: Facts
    #: The lists of IndexValues, with one parameter a row.
    values: Any

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def name(self) -> str:
        return f"{self.type}/{self.resource['id']}"


def entry(resource: Json, facts: Facts) -> Entry:
    return Entry(resource, facts, _row_by_row(extract(resource)))


def _row_by_row(values: IndexValues) -> Any:
    """The same with a row for each parameter."""
    lists = {name: rows for name, rows in structs.asdict(values).items() if isinstance(rows, list)}
    return SimpleNamespace(
        **{name: [(code, *row[1:]) for row in rows for code in row[0]] for name, rows in lists.items()}
    )


class Oracle:
    """All resources, as somebody may see them at a moment."""

    def __init__(self, entries: Iterable[Entry], visible: Visible, world: World, now: datetime) -> None:
        self.entries = [e for e in entries if world.sees(visible, e.resource, e.facts)]
        self.world = world
        self.now = now

    def search(self, rtype: str, params: Params) -> list[Entry]:
        return [e for e in self.entries if e.type == rtype and all(self.fits(e, *pair) for pair in params)]

    def fits(self, e: Entry, name: str, value: str) -> bool:
        if name == "_list":
            wanted = {f"List/{one.removeprefix('List/')}" for one in value.split(",")}
            if "$current-problems" in value and e.type == "Condition" and _is_current(e.resource):
                return True
            return any(e.name in _members(t.resource) for t in self.entries if t.name in wanted)
        if name.startswith("_has:"):
            _, source, reference, rest = name.split(":", 3)
            return any((reference, e.name) in _references(h) for h in self.search(source, [(rest, value)]))
        head, dot, rest = name.partition(".")
        code, _, modifier = head.partition(":")
        if dot:
            pointed = {target for param, target in _references(e) if param == code}
            pointed |= {inside.name for inside in _inside(e, code, rest)}
            if modifier == "mdm":
                return any(
                    not pointed.isdisjoint(f"Patient/{rid}" for rid in self.world.same_person(t.resource["id"]))
                    and self.fits(t, rest, value)
                    for t in self.entries
                    if t.type == "Patient"
                )
            types = {modifier} if modifier else set(parameters(e.type)[code].targets)
            return any(
                t.name in pointed and t.type in types and _has_parameter(t.type, rest) and self.fits(t, rest, value)
                for t in [*self.entries, *_inside(e, code, rest)]
            )
        parameter = parameters(e.type)[code]
        if modifier == "missing":
            return (value == "true") != (code in {"_id", "_lastUpdated"} or _is_present(e, code))
        if modifier in {"in", "not-in"}:
            inside = any(p == code and _in(value, system, c) for p, system, c, _ in e.values.tokens)
            return inside != (modifier == "not-in")
        found = any(self._alternative(e, parameter, modifier, one) for one in value.split(","))
        found = found or (modifier == "" and code in SPOKEN and value.isascii() and _sounds(e, code, value))
        return found != (modifier == "not")

    def _alternative(self, e: Entry, parameter: SearchParameter, modifier: str, value: str) -> bool:
        code, values = parameter.code, e.values
        match parameter.type:
            case _ if code in {"_text", "_content"}:
                texts = narrative(e.resource) if code == "_text" else content(e.resource)
                return fits(texts, value) and (not e.facts.flags or self._shows(e.resource))
            case "special":
                return any(_near(float(a), float(b), value) for p, a, b in values.positions if p == code)
            case "uri":
                return any(p == code and _uri(text, modifier, value) for p, text in values.uris)
            case "reference" if modifier == "text":
                return any(p == code and fold(t).startswith(fold(value)) for p, t in values.reference_texts)
            case "reference" if modifier in {"above", "below"}:
                reached = self._reached(value, up=modifier == "above")
                return any(p == code and f"{rtype}/{rid}" in reached for p, rtype, rid, _ in values.references)
            case "token" if code == "_id" and modifier == "mdm":
                return e.resource["id"] in self.world.sources(value, expand=True)
            case "token" if code == "_id":
                return bool(e.resource["id"] == value)
            case "token" if modifier == "text":
                return any(p == code and text and fold(text).startswith(fold(value)) for p, _, _, text in values.tokens)
            case "token" if modifier == "of-type":
                return any(
                    (system or "", kind, v) == tuple(value.split("|"))
                    for _, system, kind, v in values.identifiers_of_type
                )
            case "token":
                return any(p == code and _token(system, c, value) for p, system, c, _ in values.tokens)
            case "reference" if modifier == "identifier":
                return any(p == code and _token(system, v, value) for p, system, v in values.reference_identifiers)
            case "reference":
                return any(p == code and self._refers(r, modifier, value) for p, *r in values.references)
            case "string":
                return any(p == code and _string(text, modifier, value) for p, text in values.strings)
            case "date":
                return any(p == code and self._date(low, high, value) for p, low, high in values.dates)
            case "number":
                return any(p == code and _number(low, high, value) for p, low, high in values.numbers)
            case "quantity":
                return any(p == code and _quantity(tuple(rest), value) for p, *rest in values.quantities)
            case "composite":
                return any(p == code and self._composite(parts, value) for p, parts in values.composites)
        raise AssertionError(parameter)

    def _shows(self, resource: Json) -> bool:
        """Whether everything about patients that a resource points to may be seen."""
        targets = [parse_reference(text) for text in references(resource)]
        pointed = {f"{t.type}/{t.id}" for t in targets if t is not None and t.type not in NON_PATIENT_TYPES}
        return pointed <= {e.name for e in self.entries}

    def _reached(self, value: str, *, up: bool) -> set[str]:
        """A resource and all that is part of it (`up`: that it is part of), as far as may be seen."""
        pairs = [
            (e.name, f"{e.type}/{rid}")
            for e in self.entries
            for p, t, rid, _ in e.values.references
            if p == "partof" and t == e.type
        ]
        found: set[str] = set()
        fresh = {value}
        while fresh:
            found |= fresh
            fresh = {(whole if up else part) for part, whole in pairs if (part if up else whole) in fresh} - found
        return found

    def _refers(self, row: Sequence[str | None], modifier: str, value: str) -> bool:
        rtype, rid, url = row
        if rid is None:
            return url == value and not modifier
        if rtype == "Patient" and modifier in {"", "Patient", "mdm"}:
            return rid in self.world.sources(value.removeprefix("Patient/"), expand=modifier == "mdm")
        return modifier in {"", rtype} and value in {rid, f"{rtype}/{rid}"}

    def _date(self, low: datetime | None, high: datetime | None, value: str) -> bool:
        prefix, text = split_prefix(value)
        return holds(temporal.compare(prefix, text, self.now), low, high)

    def _composite(self, parts: Sequence[tuple[Any, ...]], value: str) -> bool:
        return all(self._part(part, text) for part, text in zip(parts, value.split("$"), strict=True))

    def _part(self, part: tuple[Any, ...], text: str) -> bool:
        kind, *row = part
        match kind:
            case "token":
                return _token(row[0], row[1], text)
            case "quantity":
                return _quantity(tuple(row), text)
            case "date":
                return self._date(row[0], row[1], text)
            case "string":
                return _string(row[0], "", text)
            case "number":
                return _number(row[0], row[1], text)
        raise AssertionError(kind)

    def sort_values(self, e: Entry, keys: str) -> list[tuple[Any, bool]]:
        """(value, whether it goes down) for each key of a `_sort`; a missing value is the least."""
        return [
            (self._sort_value(e, key.removeprefix("-"), key.startswith("-")), key[0] == "-") for key in keys.split(",")
        ]

    def _sort_value(self, e: Entry, code: str, down: bool) -> Any:
        if code == "_id":
            return e.resource["id"]
        parameter = parameters(e.type)[code]
        best = max if down else min
        match parameter.type:
            case "date":
                found: list[Any] = [low or _NEVER for p, low, _ in e.values.dates if p == code]
            case "token":
                found = [text for p, _, text, _ in e.values.tokens if p == code and text]
            case "reference":
                found = [url or f"{t}/{rid}" for p, t, rid, url in e.values.references if p == code]
            case "string":
                found = [fold(text) for p, text in e.values.strings if p == code]
            case _:
                rows = [*e.values.quantities, *e.values.numbers]
                found = [r[2] if r[1] is None else r[1] for r in rows if r[0] == code]
        return best(found, default=_LEAST[parameter.type])


def _has_parameter(rtype: str, name: str) -> bool:
    code = name.partition(".")[0].partition(":")[0]
    return code == "_has" or code in parameters(rtype)


def _is_current(condition: Json) -> bool:
    stated = {
        c["code"]
        for status in ("clinicalStatus", "verificationStatus")
        for c in condition.get(status, {}).get("coding", ())
    }
    return stated.isdisjoint({"inactive", "remission", "resolved", "refuted", "entered-in-error"})


def _inside(e: Entry, code: str, rest: str) -> list[Entry]:
    """What the reference leads to among what the resource contains, of which nothing is told that all types have."""
    if rest.startswith("_"):
        return []
    urls = {url for param, _, _, url in e.values.references if param == code}
    contained = e.resource.get("contained", [])
    return [
        entry({**one, "contained": contained, "id": f"#{e.name}#{one['id']}"}, e.facts)
        for one in contained
        if f"#{one['id']}" in urls
    ]


def _references(e: Entry) -> set[tuple[str, str]]:
    return {(p, f"{rtype}/{rid}") for p, rtype, rid, _ in e.values.references if rid is not None}


def _members(resource: Json) -> set[str]:
    entries = resource.get("entry", ())
    return {entry["item"]["reference"] for entry in entries if not entry.get("deleted")}


#: The codes of the value set of genders (R4 valueset-administrative-gender.html).
GENDER_CODES: Final = frozenset(
    ("http://hl7.org/fhir/administrative-gender", code) for code in ("male", "female", "other", "unknown")
)


def _in(value: str, system: str | None, code: str | None) -> bool:
    """Only the value set of genders is asked for here."""
    assert value == GENDERS
    return (system, code) in GENDER_CODES


def _near(latitude: float, longitude: float, value: str) -> bool:
    """By the spherical law of cosines."""
    asked_latitude, asked_longitude, distance, *_ = map(float, value.split("|")[:3])
    one, other = math.radians(latitude), math.radians(asked_latitude)
    turn = math.cos(math.radians(longitude - asked_longitude))
    cosine = math.sin(one) * math.sin(other) + math.cos(one) * math.cos(other) * turn
    return 6371.0088 * math.acos(max(-1, min(1, cosine))) <= distance


def _uri(text: str, modifier: str, value: str) -> bool:
    if modifier == "below":
        return text == value or text.startswith((value.rstrip("/") + "/", value + "|", value + "."))
    if modifier == "above":
        return value == text or value.startswith(text.rstrip("/") + "/")
    return text == value


def _is_present(e: Entry, code: str) -> bool:
    values = e.values
    if code == "_text":
        return any(True for text in narrative(e.resource) for _ in runs(text))
    rows: list[Any] = [
        *values.positions,
        *values.composites,
        *values.reference_texts,
        *values.tokens,
        *values.references,
        *values.reference_identifiers,
        *values.strings,
        *values.uris,
        *values.dates,
        *values.numbers,
        *values.quantities,
    ]
    return any(row[0] == code for row in rows)


def _token(system: str | None, code: str | None, value: str) -> bool:
    if "|" not in value:
        return code == value
    asked_system, asked_code = value.split("|")
    if not asked_system:
        return not system and code == asked_code
    return system == asked_system and (not asked_code or code == asked_code)


def _sounds(e: Entry, code: str, value: str) -> bool:
    """A name in Chinese characters is found by its pinyin, typed with or without blanks."""
    typed = [fold(one.replace(" ", "")) for one in value.split(",")]
    return any(fold(text).startswith(one) for p, text in e.values.strings if p in {code, "name.sound"} for one in typed)


def _string(text: str, modifier: str, value: str) -> bool:
    if modifier == "exact":
        return text == value
    return fold(value) in fold(text) if modifier == "contains" else fold(text).startswith(fold(value))


def _number(low: Decimal | None, high: Decimal | None, value: str) -> bool:
    prefix, text = split_prefix(value)
    return holds(numbers.compare(prefix, numbers.decimal(text)), low, high)


#: The units of the records and searches, by which they are compared.
_MILLIGRAMS: Final = {"mg": Decimal(1), "kg": Decimal(1_000_000)}


def _quantity(row: tuple[Any, ...], value: str) -> bool:
    low, high, _, system, code, unit = row
    number, *rest = value.split("|")
    if rest and system == rest[0] == "http://unitsofmeasure.org" and {code, rest[1]} <= _MILLIGRAMS.keys():
        ratio = _MILLIGRAMS[code] / _MILLIGRAMS[rest[1]]
        return _number(None if low is None else low * ratio, None if high is None else high * ratio, number)
    if rest and rest[0] and (system != rest[0] or (rest[1] and code != rest[1])):
        return False
    if rest and not rest[0] and rest[1] not in {code, unit}:
        return False
    return _number(low, high, number)
