"""What the consent door must know of a person: the source patients, the birth date, and who acts for her."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from consent.person import Person, read_person
from consent.references import References
from hub.auth import proxies
from hub.auth.proxies import Proxy
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.mpi.golden import golden
from hub.mpi.survivorship import SourcePatient
from hub.store.store import Store
from hub.store.values import Stored

#: All sources of the person that a source patient, or a golden record, is.
_SOURCES: Final = """
SELECT patient FROM member
WHERE person = $2 OR person = (SELECT person FROM member WHERE pkey = $1) ORDER BY patient
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person as the rules see her. `patient` is the source patient she is addressed as, `sources` all there are.

    `author_org` is the facility that answers for `patient`; `birth_date` is None when nobody has stated one.
    """

    patient: str
    sources: tuple[str, ...]
    author_org: str
    birth_date: str | None
    proxies: tuple[Proxy, ...]

    @property
    def pkeys(self) -> list[UUID]:
        return [reference_key("Patient", source) for source in self.sources]

    @property
    def references(self) -> frozenset[str]:
        return frozenset(f"Patient/{source}" for source in self.sources)

    def person(self, references: References) -> Person:
        """As `consent` takes her; who looks after her plays no part at this door."""
        return read_person(
            {
                "reference": f"Patient/{self.patient}",
                "links": sorted(self.references),
                "birthDate": self.birth_date,
                "proxies": [proxy.entry() for proxy in self.proxies],
            },
            references,
        )


async def subject_of(store: Store, tx: Tx, patient: str) -> Subject | None:
    """The person behind a source patient or a golden record; None if there is no such patient."""
    key = reference_key("Patient", patient)
    known = [row[0] for row in await tx.fetch(_SOURCES, key, patient)]
    sources = tuple(known or [patient])
    stored = await store.load(tx, [("Patient", source) for source in sources])
    live = {version.id: version for version in stored.values() if not version.deleted}
    # A golden record is addressed as the first of its sources that stands.
    addressed = patient if patient in sources else min(live, default=patient)
    here = live.get(addressed)
    if here is None:
        return None
    return Subject(
        patient=addressed,
        sources=sources,
        author_org=here.facts.author_org,
        birth_date=_birth_date(list(live.values())),
        proxies=tuple(await proxies.of_pkeys(tx, [reference_key("Patient", source) for source in sources])),
    )


async def known_subject(store: Store, tx: Tx, patient: str) -> Subject:
    """The same, for a patient there must be. Raises HubError NOT_FOUND."""
    subject = await subject_of(store, tx, patient) if patient else None
    if subject is None:
        raise unknown_patient()
    return subject


def unknown_patient() -> HubError:
    """The one answer for a patient who does not exist and for one of another facility."""
    return HubError(Category.NOT_FOUND, "no such patient of yours", where="patient", code="patient")


def _birth_date(versions: Sequence[Stored]) -> str | None:
    """What the sources state; where they differ, what the golden record says, as the gate takes it."""
    sources = [
        SourcePatient(
            resource=loads(version.body),
            facility=version.facts.author_org,
            version=version.version,
            updated=version.updated,
        )
        for version in versions
    ]
    stated: str | None = golden(sources, "", "").get("birthDate")
    return stated
