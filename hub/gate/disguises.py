"""The de-identified form as it leaves: the same person has the same disguise in one project, and another in the next.

A project is a client of an organisation, with the approval its token names. Names and the shift of dates are keyed
hashes: nobody without the secret of the installation can tell whose they are, nor join two projects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.fhir.deidentify import BAND, OLDEST, Coding, Disguise, codings, deidentified
from hub.fhir.json import dumps, loads
from hub.gate.cases import Cases
from hub.gate.door import Door
from hub.kernel.ids import keyed_ids

#: Fewer persons than this are not told apart: of codes, births, files and cells (attack list, 59: k >= 10).
LEAST: Final = 10

#: Dates move by up to so many days, at least one.
_MOST_DAYS: Final = 182


class Project:
    """Names and shifts of one project."""

    def __init__(self, secret: bytes, actor: Actor) -> None:
        parts = (actor.organization, actor.client, actor.co_approval or "")
        digest = hashlib.blake2b(key=secret, digest_size=32, person=b"yilian-project")
        for part in parts:
            digest.update(len(part.encode()).to_bytes(4, "big") + part.encode())
        self._key: Final = digest.digest()
        self._ids: Final = keyed_ids(self._key)

    @property
    def id(self) -> str:
        """What the project is kept under; it tells nothing of its secret."""
        return hashlib.blake2b(b"id", key=self._key, digest_size=16).hexdigest()

    def name(self, rtype: str, rid: str) -> str:
        """The id of a resource in this project."""
        return self._ids("", rtype, "", rid)

    def days(self, person: str) -> int:
        """What the dates of a person are moved by."""
        digest = hashlib.blake2b(person.encode(), key=self._key, digest_size=8, person=b"yilian-days").digest()
        found = int.from_bytes(digest, "big") % (2 * _MOST_DAYS) - _MOST_DAYS
        return found + 1 if found >= 0 else found

    def number(self, what: bytes) -> int:
        """A number of 64 bits that is always the same for the same bytes."""
        digest = hashlib.blake2b(what, key=self._key, digest_size=8, person=b"yilian-number").digest()
        return int.from_bytes(digest, "big")


@dataclass(slots=True)
class Disguised:
    """Rows of one type in de-identified form, parcel by parcel; what is common is asked for once."""

    door: Door
    project: Project
    known: dict[Coding, bool] = field(default_factory=dict)
    births: set[tuple[str, int]] | None = None

    async def bodies(self, tx: Tx, cases: Cases, rtype: str, bodies: Sequence[tuple[UUID, bytes]]) -> Iterable[bytes]:
        """The bodies of permitted rows of a type, by source-patient key; those that have no such form are left out.

        Their persons were looked up.
        """
        resources = [(pkey, loads(body)) for pkey, body in bodies]
        await self._learn(tx, rtype, {one for _, resource in resources for one in codings(resource)})
        system = f"{self.door.canonical_base}/sid/project-person"
        forms = (deidentified(resource, self._disguise(cases, pkey), system) for pkey, resource in resources)
        return [dumps(form) for form in forms if form is not None]

    async def _learn(self, tx: Tx, rtype: str, wanted: set[Coding]) -> None:
        unknown = wanted - self.known.keys()
        common = await self.door.store.common_codings(tx, rtype, unknown, LEAST)
        self.known |= {one: one in common for one in unknown}
        if self.births is None:
            found = await self.door.store.common_births(tx, BAND, LEAST) if rtype == "Patient" else set()
            # Of the oldest not even the band is told.
            self.births = {(gender, band) for gender, band in found if band >= self.door.clock().year - OLDEST}

    def _disguise(self, cases: Cases, pkey: UUID) -> Disguise:
        person = person_of(cases, pkey)
        return Disguise(
            name=self.project.name,
            person=self.project.name("Person", person),
            days=self.project.days(person),
            codings={coding for coding, common in self.known.items() if common},
            births=self.births or set(),
        )


def person_of(cases: Cases, pkey: UUID) -> str:
    """What stands for the person of a source patient who was looked up."""
    return cases.by_pkey[pkey].dossier.golden or str(pkey)
