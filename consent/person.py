"""The patient of a case: references, birth, and the people and organisations related to her (section 1)."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from consent.ages import age_at, birth_day
from consent.references import References
from consent.shapes import Object, items, present, record, records, text
from consent.times import NEVER, Period, holds, read_period

PARENT: Final = "parent"
GUARDIAN: Final = "legal-guardian"
DELEGATE: Final = "delegate"

READ: Final = "read"
CONSENT: Final = "consent"


class Relation(Struct, frozen=True):
    """A practitioner or an organisation, related for a period; without one it holds never (section 9a)."""

    reference: str | None
    period: Period | None


class ProxyEntry(Struct, frozen=True):
    """One who acts for the patient. Without a period it holds always; an invalid period is `NEVER`."""

    reference: str | None
    kind: str | None
    active: bool
    period: Period | None
    scope: frozenset[str]

    def covers(self, at: int) -> bool:
        """Active, and its period holds the moment. Whether a parent is one of a minor is another question."""
        return self.active and (self.period is None or holds(self.period, at))

    def limits(self, at: int) -> bool:
        """Is it a legal guardian who takes the patient's own consent away? An invalid period counts as holding."""
        return self.kind == GUARDIAN and (self.covers(at) or (self.active and self.period == NEVER))


class Person(Struct, frozen=True):
    """The patient. `references` are her own and those merged into it; `birth` is None if unknown."""

    references: frozenset[str]
    birth: date | None
    managed_by: tuple[Relation, ...]
    care: tuple[Relation, ...]
    proxies: tuple[ProxyEntry, ...]

    def age_at(self, at: int) -> int | None:
        """Completed years, None if the birth date is unknown."""
        return None if self.birth is None else age_at(self.birth, at)

    def younger_than(self, age: int, at: int) -> bool:
        """Is she known to be younger?"""
        found = self.age_at(at)
        return found is not None and found < age


def read_person(patient: object, references: References) -> Person:
    """Reads the case's `patient`; never raises."""
    fields = record(patient)
    own = references.clean(fields.get("reference"))
    links = references.all(fields.get("links"))
    return Person(
        references=links if own is None else links | {own},
        birth=birth_day(fields.get("birthDate")),
        managed_by=_relations(fields.get("managedBy"), "practitioner", references),
        care=_relations(fields.get("careRelationships"), "organization", references),
        proxies=read_proxies(fields.get("proxies"), references),
    )


def read_proxies(entries: object, references: References) -> tuple[ProxyEntry, ...]:
    """Those who act for a patient, of the case's `patient`; never raises."""
    return tuple([_proxy(entry, references) for entry in records(entries)])


def _relations(entries: object, key: str, references: References) -> tuple[Relation, ...]:
    return tuple(
        Relation(references.clean(entry.get(key)), read_period(entry.get("period"))) for entry in records(entries)
    )


def _proxy(entry: Object, references: References) -> ProxyEntry:
    status, scope = entry.get("status"), entry.get("scope")
    return ProxyEntry(
        reference=references.clean(entry.get("reference")),
        kind=text(entry.get("type")),
        active=not present(status) or status == "active",
        period=read_period(entry.get("period")),
        scope=frozenset(filter(None, map(text, items(scope)))) if present(scope) else frozenset({READ}),
    )
