"""The desk of submissions (IHE MHD ITI-65): from a Bundle to a message of the feed of whoever sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hub.api.deliveries import DeliveryWitness, DocumentDoor, Settlement, Submitted
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.bootstrap.foundation import Foundation
from hub.fhir.json import canonical, loads
from hub.fhir.references import parse_reference
from hub.gate.released import Released
from hub.kernel.consortium import Consortium
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import keyed_ids
from hub.kernel.ports import FileTaker
from hub.kernel.types import Json, State
from hub.pipeline.outcomes import Outcomes
from hub.records.facts import author_organization
from hub.records.rights import Rights

if TYPE_CHECKING:
    from mappings.mhd.case import Case

#: Seconds a sender is kept waiting for the record; what was taken is processed all the same.
_PATIENCE: Final = 20.0


def document_door(
    foundation: Foundation,
    directory: Directory,
    takers: Mapping[str, FileTaker],
    outcomes: Outcomes,
    witness: DeliveryWitness,
) -> DocumentDoor:
    """What takes the submissions of one API process."""
    desk = Submissions(foundation.consortium, directory, takers, outcomes, foundation.keys.id_secret)
    return DocumentDoor(desk, witness)


class Submissions:
    """Implements `hub.api.deliveries.DocumentDesk` over the feeds of format mhd and transport http."""

    def __init__(
        self,
        consortium: Consortium,
        directory: Directory,
        takers: Mapping[str, FileTaker],
        outcomes: Outcomes,
        secret: bytes,
    ) -> None:
        self._feeds: Final = {name: consortium.feeds[name] for name in takers if consortium.feeds[name].format == "mhd"}
        self._facilities: Final = consortium.facilities
        self._directory: Final = directory
        self._rights: Final = Rights(directory)
        self._takers: Final = takers
        self._outcomes: Final = outcomes
        self._ids: Final = keyed_ids(secret)

    def is_submission(self, bundle: Json) -> bool:
        from mappings.mhd.words import is_submission

        return is_submission(bundle)

    def admit(self, actor: Actor) -> str:
        """The feed of the organisation itself, else of its legal entity."""
        for rtype in ("List", "DocumentReference"):
            self._rights.check(actor, rtype, "c", "Bundle")
        for codes in ((actor.organization,), self._directory.same_entity(actor.organization)):
            for name, feed in self._feeds.items():
                if feed.facility in codes and (not feed.clients or actor.client in feed.clients):
                    return name
        todo = "ask for a feed of format mhd and transport http in consortium.yaml"
        what = "no feed takes documents of your organisation"
        raise HubError(Category.FORBIDDEN, what, where="Bundle", todo=todo, code="no-feed")

    def read(self, feed: str, bundle: Json) -> Submitted:
        from mappings.mhd.about import person_of
        from mappings.mhd.judging import judge

        case = self._case(feed, bundle)
        self._refuse_foreign(feed, case)
        judge(case, person_of(case.submission))
        return Submitted(
            bundle=bundle,
            subject="" if case.numbers else case.subject,
            replaced=_replaced(case),
            places=_places(case),
        )

    def owns(self, actor: Actor, found: Released) -> bool:
        return self._rights.owns(actor, found.organization)

    def about(self, actor: Actor, feed: str, submitted: Submitted, patient: Released) -> Submitted:
        from mappings.mhd.judging import by_number, judge

        resource = loads(patient.body)
        if not self.owns(actor, patient):
            return self.read(feed, by_number(submitted.bundle, resource))
        judge(self._case(feed, submitted.bundle), resource, certain=True)
        return submitted

    def _refuse_foreign(self, feed: str, case: Case) -> None:
        """A client writes for its own legal entity alone, through this door as through the others.

        Raises HubError FORBIDDEN for a resource that would be another facility's. Of a Patient nobody is asked: the
        translation takes none from it.
        """
        own = self._directory.same_entity(self._feeds[feed].facility)
        others = {code for code in self._facilities if f"Organization/{code}" not in case.submission.named}
        for entry in case.submission.entries:
            if entry.type != "Patient" and author_organization(entry.resource, others) not in {None, *own}:
                what, todo = "would be another facility's", "name your own organisation, or none, as who answers for it"
                raise HubError(
                    Category.FORBIDDEN, what, where=f"{entry.where}.resource", todo=todo, code="other-facility"
                )

    def _case(self, feed: str, bundle: Json) -> Case:
        from mappings.mhd.case import Sender, case_of
        from mappings.mhd.submission import read

        sender = Sender(facility=self._feeds[feed].facility, ids=self._ids, canonical_base="", zone="")
        return case_of(read(bundle), sender)

    async def take(self, feed: str, submitted: Submitted, peer: str) -> int:
        """Whatever format it came in, the message is its canonical JSON: sent again, it has the same bytes."""
        (taken,) = (await self._takers[feed](canonical(submitted.bundle), peer)).messages
        if taken.state is State.CONFLICT:
            what, todo = "another submission has this uniqueId", "give each submission a uniqueId of its own"
            raise HubError(Category.CONFLICT, what, where="Bundle", todo=todo, code="XDSDuplicateUniqueIdInRegistry")
        return taken.message

    async def settled(self, message: int) -> Settlement:
        state, refusal = await self._outcomes.of(message, _PATIENCE)
        return Settlement(state=state, refusal=None if refusal is None else _taken(refusal))


def _taken(refusal: HubError) -> HubError:
    """A refusal after the message was taken: its uniqueId is spent, and what is mended is another submission."""
    todo = "; ".join(filter(None, (refusal.todo, "what is mended is sent under a new uniqueId")))
    return HubError(refusal.category, refusal.what, where=refusal.where, todo=todo, code=refusal.code)


def _places(case: Case) -> list[tuple[str, bool]]:
    from mappings.mhd.placing import references

    return references(case)


def _replaced(case: Case) -> list[str]:
    targets = (parse_reference(target.get("reference", "")) for _, target in case.submission.replaced())
    return [target.id for target in targets if target is not None]
