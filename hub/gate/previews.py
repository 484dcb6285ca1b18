"""Who could see what if a patient said this: the consent engine over the real records, before and after.

Counted is only what the requester herself may see, so nothing is told of what is withheld from her or from a proxy.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from consent.compiler import CompiledConsent
from consent.person import Relation
from consent.references import References
from consent.tables import CLINICIAN, NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.directory import PREFIX
from hub.db.database import Tx
from hub.gate.alike import NO_LOOKS
from hub.gate.asking import PERSONAL
from hub.gate.cases import Cases, open_cases
from hub.gate.checks import checked
from hub.gate.door import Door
from hub.gate.dossiers import Dossier, Whom
from hub.gate.facts import facts_of
from hub.gate.moments import moment_of
from hub.gate.preview_audiences import Audience, Who, audiences
from hub.gate.recorder import Asked, Basis
from hub.gate.release import decide
from hub.gate.visible import of_patients
from hub.kernel.errors import Category, HubError
from hub.store.resource_types import NUMBERS
from hub.store.values import Portion, Stored

#: Records that are looked at; what a longer record holds beyond is not counted, and that is told.
MOST: Final = 5000
SENSITIVE: Final = "sensitive"
OTHER: Final = "other"
#: What records of a type are counted as.
KINDS: Final[Mapping[str, str]] = {
    "Patient": "person",
    **dict.fromkeys(("Encounter", "EpisodeOfCare", "Appointment"), "visits"),
    **dict.fromkeys(("Observation", "Specimen"), "measurements"),
    "DiagnosticReport": "reports",
    **dict.fromkeys(("ImagingStudy", "Media"), "imaging"),
    **dict.fromkeys(("MedicationRequest", "MedicationDispense", "MedicationStatement"), "medication"),
    **dict.fromkeys(("MedicationAdministration", "Immunization"), "medication"),
    **dict.fromkeys(("Condition", "AllergyIntolerance"), "diagnoses"),
    **dict.fromkeys(("DocumentReference", "Composition", "Binary"), "documents"),
}
_TYPES: Final = frozenset(NUMBERS) - RECORD_TYPES - NON_PATIENT_TYPES
_LATER: Final = timedelta(days=1)
_NO_BASE: Final = References()

#: Who manages some source patients ($1, keys) by contract at an instant ($2), and the facility that says so.
_DOCTORS: Final = """
SELECT DISTINCT x.party, r.author_org FROM relation x JOIN resource r ON r.pkey = x.pkey AND r.key = x.key
WHERE x.pkey = ANY($1) AND x.kind = 'managed' AND x.low <= $2 AND x.high >= $2 AND NOT r.deleted
ORDER BY x.party, r.author_org
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an audience sees: how many records of each kind (`KINDS`, `sensitive`, `other`), now and then.

    `treats`: it looks after the patient, now or (`supposed`) if she went there.
    """

    who: Who
    organization: str
    person: str | None
    treats: bool
    supposed: bool
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`whole`: every record was looked at."""

    audiences: tuple[Seen, ...]
    whole: bool


async def preview(door: Door, asked: Asked, draft: CompiledConsent | None, replaces: str | None) -> Preview:
    """What `draft` (None: nothing) in place of the consent `replaces` (None: beside all others) would change.

    Raises HubError FORBIDDEN for any but the patient and who acts for her.
    """
    if asked.actor.role not in PERSONAL:
        await door.recorder.refused(asked, "role-not-allowed")
        raise HubError(Category.FORBIDDEN, "a patient previews her own consents", where="access token", code="role")
    await door.admit(asked, "r")
    return await door.settled(lambda: _preview(door, asked, draft, replaces))


async def _preview(door: Door, asked: Asked, draft: CompiledConsent | None, replaces: str | None) -> Preview:
    async with door.snapshot() as tx:
        cases = await door.cases(tx, asked)
        rows, whole = await _rows(door, tx, cases)
        basis = await checked(door.recorder, asked, cases, rows)
        pkeys = tuple({pkey for case in cases.persons for pkey in case.dossier.pkeys})
        doctors = [(row[0], row[1]) for row in await tx.fetch(_DOCTORS, list(pkeys), cases.at)]
        eyes = _Eyes(door=door, tx=tx, at=cases.at, pkeys=pkeys, rows=rows, draft=draft, replaces=replaces)
        seen = []
        for audience in audiences(door.rules.directory, doctors, cases.at):
            seen += await eyes.of(audience)
            await asyncio.sleep(0)  # others are served between the audiences
    await _record(door, asked, rows, basis)
    return Preview(audiences=tuple(seen), whole=whole)


async def _rows(door: Door, tx: Tx, cases: Cases) -> tuple[list[Stored], bool]:
    """The records the requester may see, and whether these are all."""
    sources = tuple(source for case in cases.persons for source in case.dossier.sources)
    portion = Portion(patients=sources, types=_TYPES, leading=frozenset(), referred=frozenset())
    rows: list[Stored] = []
    after: bytes | None = None
    while len(rows) < MOST:
        found = await door.store.everything(tx, portion, of_patients(cases), count=door.page_limit, after=after)
        rows += found.matches
        after = found.next
        if after is None:
            return rows, True
    return rows, False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Eyes:
    """One preview: whose records (`pkeys`, `rows`), at what instant, and what is about to be said."""

    door: Door
    tx: Tx
    at: datetime
    pkeys: tuple[UUID, ...]
    rows: Sequence[Stored]
    draft: CompiledConsent | None
    replaces: str | None

    async def of(self, audience: Audience) -> list[Seen]:
        """What one audience sees; nothing where it is supposed to look after the patient, and does."""
        whom = Whom(keys=self.pkeys, births=True)
        cases = await open_cases(self.tx, self.door.rules, audience.actor, self.at, whom)
        people = [case.dossier for case in cases.persons]
        related = audience.actor.role != CLINICIAN or any(case.inquiry.related for case in cases.persons)
        if audience.treats and related:
            return []
        now = [_treated(one, audience, self.at) for one in people] if audience.treats else people
        before = await self._count(cases, audience, now)
        after = await self._count(cases, audience, [self._then(one) for one in now])
        treats, actor = related or audience.treats, audience.actor
        who: dict[str, Any] = {"who": audience.who, "organization": actor.organization, "person": actor.reference}
        return [Seen(**who, treats=treats, supposed=audience.treats, before=before, after=after)]

    def _then(self, dossier: Dossier) -> Dossier:
        """As it would be once the draft is kept."""
        kept = [consent for consent in dossier.consents if consent.id != self.replaces]
        return replace(dossier, consents=(*kept, *([] if self.draft is None else [self.draft])))

    async def _count(self, cases: Cases, audience: Audience, people: Sequence[Dossier]) -> dict[str, int]:
        for dossier in people:
            case = await cases.seen_by(self.tx, audience.actor, dossier, audience.ethics)
            cases.by_pkey.update((pkey, case) for pkey in dossier.pkeys)
        kinds = Counter(kind_of(row) for row in self.rows if decide(cases, row).permitted)
        return dict(sorted(kinds.items()))


def _treated(dossier: Dossier, audience: Audience, at: datetime) -> Dossier:
    """As if the facility of the audience looked after the person."""
    care = Relation(PREFIX + audience.actor.organization, (moment_of(at), moment_of(at + _LATER)))
    return replace(dossier, person=replace(dossier.person, care=(*dossier.person.care, care)))


def kind_of(row: Stored) -> str:
    """What a record is counted as: `sensitive` where it is restricted, else by its type."""
    restricted = facts_of(row, NO_LOOKS, _NO_BASE, {}).restricted
    return SENSITIVE if restricted else KINDS.get(row.type, OTHER)


async def _record(door: Door, asked: Asked, rows: Sequence[Stored], basis: Basis) -> None:
    """Counts alone leave; whose they are is on record."""
    patients = tuple(sorted({row.patient for row in rows if row.patient is not None}))
    await door.recorder.released_in_bulk(asked, patients, {}, basis)
