"""Who looks after a patient, and until when, as one resource says (design, section 7, "From store to case"). Pure.

A facility states only its own care: an Encounter counts for the organisation that answers for it, and a planned one
for nobody until it begins. A request in force hands the patient on to the organisation it names. What has no period,
or one that ends before it begins, gives nothing (consent rules, section 9a).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hub.fhir.references import parse_reference
from hub.fhir.temporal import TICK, Interval, period
from hub.kernel.errors import HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store.values import Relation, RelationKind

#: EpisodeOfCare.type of a signed family-doctor contract: this code, under the hub's code system by its canonical URL
#: (the installation's canonical base and the path), or by the name that is the same in every installation.
CONTRACT: Final = "family-doctor"
CONTRACT_PATH: Final = "CodeSystem/episode-type"
CONTRACT_SYSTEM: Final = "urn:hub:episode-type"

#: Encounter.status of what takes or took place (R4 encounter-status without planned, cancelled, entered-in-error).
_TOOK_PLACE: Final = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished", "unknown"})
#: Statuses of a request that is in force, or was carried out (R4 request-status, medicationrequest-status).
_IN_FORCE: Final = frozenset({"active", "completed"})
#: Intents that ask somebody to act (R4 request-intent), not proposals, plans or options.
_ORDERS: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", "directive"})


@dataclass(frozen=True, slots=True)
class _Tie:
    """One relation without its keys; both ends are included, None is open."""

    kind: RelationKind
    party: str
    low: datetime | None
    high: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationships:
    """Reads relations out of resources. `facilities` are the codes of the consortium.

    `care` is how long an organisation goes on looking after a patient when an encounter has ended.
    """

    facilities: frozenset[str]
    care: timedelta
    canonical_base: str

    def of(self, resource: Json, patient: str | None, author_org: str) -> list[Relation]:
        """What `resource` says, about source patient `patient`; `author_org` is the facility that answers for it."""
        reader = _READERS.get(resource["resourceType"])
        if reader is None or patient is None:
            return []
        key = reference_key(resource["resourceType"], resource["id"])
        with suppress(HubError):  # a time that cannot be read is none
            ties = dict.fromkeys(reader(self, resource, author_org))
            return [_relation(reference_key("Patient", patient), key, tie) for tie in ties]
        return []

    def _encounter(self, encounter: Json, author_org: str) -> Iterator[_Tie]:
        provider = _organization(encounter.get("serviceProvider"), self.facilities)
        if encounter.get("status") not in _TOOK_PLACE or provider not in (None, author_org):
            return
        stated = encounter.get("period", {})
        if "start" not in stated or author_org not in self.facilities:
            return
        # One that is over and does not say since when was over when it began: it may not stay open for ever.
        over = encounter["status"] == "finished"
        low, high = _ends(stated.get("start"), stated.get("end") or (stated["start"] if over else None))
        if high is None or low is None or low <= high:
            yield _Tie("care", author_org, low, _later(high, self.care))

    def _episode(self, episode: Json, _: str) -> Iterator[_Tie]:
        manager = parse_reference(episode.get("careManager", {}).get("reference", ""))
        if (
            episode.get("status") == "active"
            and self._is_contract(episode)
            and manager
            and manager.type == "Practitioner"
        ):
            yield from _within(episode.get("period"), "managed", f"Practitioner/{manager.id}")

    def _is_contract(self, episode: Json) -> bool:
        systems = (CONTRACT_SYSTEM, f"{self.canonical_base}/{CONTRACT_PATH}")
        codings = [coding for concept in episode.get("type", ()) for coding in concept.get("coding", ())]
        return any(coding.get("code") == CONTRACT and coding.get("system") in systems for coding in codings)

    def _referral(self, request: Json, _: str) -> Iterator[_Tie]:
        if request.get("status") not in _IN_FORCE or request.get("intent") not in _ORDERS:
            return
        for performer in request.get("performer", ()):
            code = _organization(performer, self.facilities)
            if code is not None:
                yield from _within(request.get("occurrencePeriod"), "care", code)

    def _prescription(self, request: Json, _: str) -> Iterator[_Tie]:
        dispense = request.get("dispenseRequest", {})
        code = _organization(dispense.get("performer"), self.facilities)
        if request.get("status") in _IN_FORCE and request.get("intent") in _ORDERS and code is not None:
            yield from _within(dispense.get("validityPeriod"), "care", code)


_Reader = Callable[[Relationships, Json, str], Iterator[_Tie]]

#: The types that say who looks after a patient.
_READERS: Final[Mapping[str, _Reader]] = {
    "Encounter": Relationships._encounter,
    "EpisodeOfCare": Relationships._episode,
    "ServiceRequest": Relationships._referral,
    "MedicationRequest": Relationships._prescription,
}
TYPES: Final = frozenset(_READERS)


def _organization(reference: Any, facilities: Collection[str]) -> str | None:
    """Code of the facility a Reference names; None for any other organisation, or none."""
    target = parse_reference((reference or {}).get("reference", ""))
    known = target is not None and target.type == "Organization" and target.id in facilities
    return target.id if target is not None and known else None


def _within(stated: Any, kind: RelationKind, party: str) -> Iterator[_Tie]:
    """The tie for a Period that has at least one end."""
    if not stated or not (stated.get("start") or stated.get("end")):
        return
    low, high = _ends(stated.get("start"), stated.get("end"))
    if low is None or high is None or low <= high:
        yield _Tie(kind, party, low, high)


def _ends(start: str | None, end: str | None) -> Interval:
    """First and last moment of a Period. Raises HubError INVALID."""
    low, after = period(start, end)
    return low, None if after is None else after - TICK


def _later(moment: datetime | None, by: timedelta) -> datetime | None:
    """Beyond the calendar is open."""
    try:
        return None if moment is None else moment + by
    except OverflowError:
        return None


def _relation(pkey: UUID, key: UUID, tie: _Tie) -> Relation:
    return Relation(pkey=pkey, key=key, kind=tie.kind, party=tie.party, low=tie.low, high=tie.high)
