"""What the consent rules ask about persons, read for many of them in one statement of one snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field

from consent import packed
from consent.ages import birth_day
from consent.compiler import CompiledConsent
from consent.configuration import Configuration
from consent.person import Person, Relation, read_proxies
from consent.references import References
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.gate.births import birth_date
from hub.gate.dossier_sql import FACTS, REFERENCES
from hub.gate.moments import moment_of
from hub.gate.provisions import Pointed, key_of
from hub.kernel.types import Json
from hub.mpi.survivorship import SourcePatient
from hub.sealing.keyring import keyring_of
from hub.store import codec
from hub.store.resource_types import type_number
from hub.store.sealed import unsealed
from hub.store.values import RelationKind

_PATIENT: Final = "Patient/"
_CARE: Final = "care"


class Ties(Struct, frozen=True, kw_only=True):
    """Which relations matter to a requester: their kind, the parties that count, the instant."""

    kind: RelationKind
    parties: tuple[str, ...]
    at: datetime


class Whom(Struct, frozen=True, kw_only=True):
    """Whose dossiers: source patients by key, and ids that may be those of persons; `births` if age alone decides."""

    keys: Sequence[UUID] = ()
    names: Sequence[str] = ()
    births: bool = False


class Dossier(Struct, frozen=True, kw_only=True):
    """One person. `pkeys` and `sources` (ids) are the source patients; `golden` the id of the person, if it has one.

    `consents` are all there are, whatever their status. `versions` gives that of each by its id.
    """

    pkeys: tuple[UUID, ...]
    sources: tuple[str, ...]
    golden: str | None
    person: Person
    consents: tuple[CompiledConsent, ...]
    versions: dict[str, int]


class _Rows(Struct):
    """What was read about one person."""

    golden: str | None = None
    pkeys: list[UUID] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    consents: list[tuple[str, int, bytes]] = field(default_factory=list)
    relations: list[tuple[str, str, datetime, datetime]] = field(default_factory=list)
    proxies: list[Json] = field(default_factory=list)
    patients: list[SourcePatient] = field(default_factory=list)


async def load(tx: Tx, whom: Whom, ties: Ties, configuration: Configuration) -> tuple[int, list[Dossier]]:
    """The consents' epoch, and the dossiers of those asked for.

    Raises HubError UNAVAILABLE when a consent was compiled under another configuration.
    """
    values = (list(whom.keys), list(whom.names), ties.kind, list(ties.parties), ties.at, whom.births)
    epoch, people, *facts = (await tx.fetch(FACTS, *values))[0]
    persons: defaultdict[str | UUID, _Rows] = defaultdict(_Rows)
    by_pkey: dict[UUID, _Rows] = {}
    for pkey, golden, source in people:
        rows = by_pkey[pkey] = persons[golden or pkey]
        rows.golden = golden
        rows.pkeys.append(pkey)
        rows.sources.update({source} if source else ())
    *others, patients = facts
    _sort(by_pkey, *others)
    await _add_patients(tx, by_pkey, patients)
    return epoch, [_dossier(rows, configuration) for rows in persons.values()]


async def neighbours(tx: Tx, pointers: Iterable[str]) -> Pointed:
    """What the resources that `related` pointers name refer to."""
    keys = {key: reference for reference in pointers if (key := key_of(reference)) is not None}
    if not keys:
        return {}
    return {keys[row[0]]: frozenset(row[1]) for row in await tx.fetch(REFERENCES, list(keys))}


def _sort(by_pkey: dict[UUID, _Rows], consents: Any, relations: Any, proxies: Any) -> None:
    """Lay what was read beside the person it is about."""
    for pkey, cid, source, version, compiled in consents:
        by_pkey[pkey].consents.append((cid, version, compiled))
        by_pkey[pkey].sources.add(source)
    for pkey, *relation in relations:
        by_pkey[pkey].relations.append(tuple(relation))
    for pkey, source, reference, kind, status, period, scope in proxies:
        entry = {"reference": reference, "type": kind, "status": status, "period": loads(period), "scope": scope}
        by_pkey[pkey].proxies.append(entry)
        by_pkey[pkey].sources.add(source)


async def _add_patients(tx: Tx, by_pkey: dict[UUID, _Rows], patients: Any) -> None:
    keys = await keyring_of(tx).opened(tx, [row[1] for row in patients])
    for pkey, sealed, facility, version, updated, rid in patients:
        body = unsealed(sealed, keys, type_number("Patient"), rid, version, pkey)
        if body is not None:
            resource = loads(codec.decode(body))
            source = SourcePatient(resource=resource, facility=facility, version=version, updated=updated)
            by_pkey[pkey].patients.append(source)


def _dossier(rows: _Rows, configuration: Configuration) -> Dossier:
    ids = rows.sources | ({rows.golden} if rows.golden else set())
    person = Person(
        references=frozenset([_PATIENT + one for one in ids]),
        birth=birth_day(birth_date(rows.patients)),
        proxies=read_proxies(rows.proxies, References(configuration.base_urls)),
        managed_by=tuple(_relation(party, low, high) for kind, party, low, high in rows.relations if kind != _CARE),
        care=tuple(
            _relation(f"Organization/{party}", low, high) for kind, party, low, high in rows.relations if kind == _CARE
        ),
    )
    return Dossier(
        pkeys=tuple(rows.pkeys),
        sources=tuple(sorted(rows.sources)),
        golden=rows.golden,
        person=person,
        consents=tuple(_unpacked(compiled, configuration) for _, _, compiled in rows.consents),
        versions={cid: version for cid, version, _ in rows.consents},
    )


def _relation(party: str, low: datetime, high: datetime) -> Relation:
    return Relation(party, (moment_of(low), moment_of(high)))


#: A consent is compiled once for each of its versions, and read many times; equal bytes are equal consents.
@lru_cache(maxsize=4096)
def _unpacked(compiled: bytes, configuration: Configuration) -> CompiledConsent:
    return packed.unpack(compiled, configuration)
