"""The gate: read, version read, history, search and a patient's record for an actor. The only module others need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import UUID, uuid4

from consent.compiler import CompiledConsent
from consent.configuration import Configuration
from hub.audit.balp import Observer
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.db.database import Database
from hub.fhir.custom import Custom
from hub.gate import (
    cross_reference,
    documents,
    explain,
    histories,
    images,
    instances,
    latest,
    looks,
    match,
    own,
    previews,
    records,
    searches,
    stewards,
    summaries,
)
from hub.gate.aggregates import AggregateWay
from hub.gate.alarms import AlarmWay
from hub.gate.bulk_way import BulkWay
from hub.gate.cases import Rules
from hub.gate.concerned import Concerned
from hub.gate.currents import Currents
from hub.gate.dispatches import Dispatches
from hub.gate.door import Door
from hub.gate.match import Candidate
from hub.gate.notices import Notices
from hub.gate.pace import Pace
from hub.gate.pages import Seal
from hub.gate.previews import Preview
from hub.gate.proofs import TreeWay
from hub.gate.recorder import Asked, Recorder
from hub.gate.released import Released, ReleasedPage
from hub.gate.reports import ReportWay
from hub.gate.shared_pages import SharedPages
from hub.gate.sight import Sight
from hub.gate.spans import ALL_TIMES
from hub.gate.unspoken import Unspoken
from hub.kernel.clock import Clock
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.mpi.model import Model
from hub.store.store import Store
from hub.store.values import Span


class Gate:
    """Everything that leaves the store leaves by one of these methods.

    Each admits the actor by the token, queries with the predicate, checks every resource again, records, and only then
    answers. All raise HubError: FORBIDDEN when the token's role or scopes leave the request out, NOT_FOUND for what is
    absent or denied, UNAVAILABLE when the database is away or the audit row cannot be written. `origin` is for the
    audit trail.

    `page_size` is how many entries a page has when nobody says, `page_limit` the most it may have. `panel_limit` is how
    many source patients with consents a search over all patients may concern, `glass_limit` how many patients one
    requester may open by break-glass in four hours: with one more it opens none. `candidate_limit` is how many
    questions who somebody is a client of an organisation may ask in a minute, `candidate_limits` that of clients by
    name. `base_url` is the public base of the API, so that references under it are known as local; consents must have
    been compiled with it. `canonical_base` is that of the hub's own extensions, `installation` the name of this hub in
    its AuditEvents, `model` that of the patient index (none: the bundled one).
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        trail: Trail,
        directory: Directory,
        page_secret: bytes,
        clock: Clock,
        log: Log,
        *,
        page_size: int = 50,
        page_limit: int = 1000,
        panel_limit: int = 2000,
        glass_limit: int = 20,
        candidate_limit: int = 300,
        candidate_limits: Mapping[str, int] | None = None,
        base_url: str = "",
        canonical_base: str = "https://yilian-hub.example/fhir",
        installation: str = "urn:yilian:hub",
        model: Model | None = None,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        recorder = Recorder(trail, clock, log, entry_ids)
        self._door: Final = Door(
            database=database,
            store=store,
            currents=Currents(database, store, directory),
            concerned=Concerned(panel_limit),
            unspoken=Unspoken(),
            shared_pages=SharedPages(database),
            rules=Rules(directory, Configuration(base_urls=(base_url,) if base_url else ())),
            seal=Seal(page_secret),
            secret=page_secret,
            recorder=recorder,
            pace=Pace(database, recorder, clock, candidate_limit, candidate_limits or {}),
            clock=clock,
            page_size=page_size,
            page_limit=page_limit,
            glass_limit=glass_limit,
            base_url=base_url,
            canonical_base=canonical_base,
            index=PatientIndex(clock, model=model),
            observer=Observer(name=installation, base_url=base_url, canonical_base=canonical_base),
        )

    @property
    def sight(self) -> Sight:
        """What the records door asks before it patches (hub.records.sight)."""
        return Sight(self._door)

    @property
    def bulk(self) -> BulkWay:
        """What leaves by the file (Bulk Data 2.0)."""
        return BulkWay(self._door)

    @property
    def aggregates(self) -> AggregateWay:
        """Counts of persons, for those who may have no record of any."""
        return AggregateWay(self._door)

    @property
    def tree(self) -> TreeWay:
        """The tree over the audit trail: heads and proofs."""
        return TreeWay(self._door)

    @property
    def alarms(self) -> AlarmWay:
        """Alarms over the audit trail."""
        return AlarmWay(self._door)

    @property
    def reports(self) -> ReportWay:
        """Reports of who did what with a record."""
        return ReportWay(self._door)

    @property
    def notices(self) -> Notices:
        """What subscriptions need: changes as they come, and what of them an owner may be told now."""
        return Notices(self._door)

    @property
    def dispatches(self) -> Dispatches:
        """What outbound feeds need: what a message to another system may be made of."""
        return Dispatches(self._door)

    async def read(self, actor: Actor, rtype: str, rid: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Released:
        """The current version, which may be a deletion; under the id of a person its golden record.

        AuditEvents are made from the trail. A steward of the patient index reads the Patients of pairs that wait.
        """
        asked = Asked(actor=actor, interaction=Interaction.READ, origin=origin, type=rtype, id=rid)
        if rtype == looks.AUDIT_EVENT:
            return await looks.read(self._door, asked)
        if rtype == "Patient" and actor.role == stewards.STEWARD:
            return await stewards.read(self._door, asked)
        return await instances.read(self._door, asked)

    async def side_by_side(
        self, actor: Actor, first: str, second: str, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> stewards.SideBySide:
        """What the two source Patients (ids) of a pair that waits for a steward say, comparison by comparison."""
        query = searches.query_text([("$side-by-side", f"{first},{second}")])
        asked = Asked(
            actor=actor, interaction=Interaction.OPERATION, origin=origin, type="Patient", id=first, query=query
        )
        return await stewards.side_by_side(self._door, asked, first, second)

    async def meta(
        self, actor: Actor, rtype: str, rid: str, version: int | None = None, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> Released:
        """What `read` gives (of a version `vread`), asked for the sake of its meta (R4 `$meta`)."""
        query = searches.query_text([("$meta", "")])
        asked = Asked(
            actor=actor,
            interaction=Interaction.OPERATION,
            origin=origin,
            type=rtype,
            id=rid,
            version=version,
            query=query,
        )
        if version is not None:
            return await instances.vread(self._door, asked, version)
        if rtype == looks.AUDIT_EVENT:
            return await looks.read(self._door, asked)
        return await instances.read(self._door, asked)

    async def images(self, actor: Actor, rid: str, path: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Released:
        """The ImagingStudy whose images at `path` (of its archive) are about to be released, decided as a read of it.

        Also raises HubError FORBIDDEN (code `form-not-available`) where the actor sees no identified data: names are
        part of images.
        """
        query = searches.query_text([("$images", path)])
        asked = Asked(
            actor=actor, interaction=Interaction.OPERATION, origin=origin, type="ImagingStudy", id=rid, query=query
        )
        return await images.read(self._door, asked)

    async def vread(
        self, actor: Actor, rtype: str, rid: str, version: int, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> Released:
        """One version, judged by the stricter of what held then and what holds now."""
        asked = Asked(actor=actor, interaction=Interaction.VREAD, origin=origin, type=rtype, id=rid, version=version)
        return await instances.vread(self._door, asked, version)

    async def history(
        self,
        actor: Actor,
        rtype: str,
        rid: str,
        *,
        count: int | None = None,
        cursor: str | None = None,
        span: Span = ALL_TIMES,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> ReleasedPage:
        """Versions of one resource, newest first, each judged on its own; `cursor` is the `next` of an earlier page."""
        asked = Asked(actor=actor, interaction=Interaction.HISTORY, origin=origin, type=rtype, id=rid)
        return await instances.history(self._door, asked, count, cursor, span)

    async def histories(
        self,
        actor: Actor,
        rtype: str | None,
        params: Sequence[tuple[str, str]],
        *,
        lenient: bool = False,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> ReleasedPage:
        """Versions of all resources of a type (None: of every type), newest first, each judged then and now.

        `params` as for `search`. Raises what `search` raises.
        """
        asked = Asked(
            actor=actor,
            interaction=Interaction.HISTORY_TYPE if rtype else Interaction.HISTORY_SYSTEM,
            origin=origin,
            type=rtype,
            query=searches.query_text(params) or None,
        )
        return await histories.history(self._door, asked, params, lenient=lenient)

    async def preview(
        self,
        actor: Actor,
        draft: CompiledConsent | None,
        *,
        replaces: str | None = None,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> Preview:
        """Who could see how much of the actor's record before and after a consent, which is not kept."""
        query = searches.query_text([("$preview", "")])
        asked = Asked(actor=actor, interaction=Interaction.OPERATION, origin=origin, type="Consent", query=query)
        return await previews.preview(self._door, asked, draft, replaces)

    async def custom(self) -> Custom:
        """The search parameters of the installation's own, at most a second old. They are no secret."""
        return await self._door.custom()

    async def search(
        self,
        actor: Actor,
        rtype: str | None,
        params: Sequence[tuple[str, str]],
        *,
        lenient: bool = False,
        conditional: bool = False,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> ReleasedPage:
        """Matches and what they include; `rtype` None searches all types. AuditEvents are those of the trail.

        `params` are names and values, percent-decoded; the `next` of an earlier page goes in as `hub.gate.pages.CURSOR`
        beside the same parameters. `conditional` is the criterion of a write: it is not paced. Also raises
        HubError UNSUPPORTED (a parameter the hub does not have), INVALID, TOO_LARGE (code `too-costly`: the consents of
        too many patients would decide), THROTTLED for Patients, and FORBIDDEN for a break-glass that is not about one
        patient.
        """
        asked = _searching(actor, rtype, params, origin)
        if rtype == looks.AUDIT_EVENT:
            return await looks.search(self._door, asked, params, lenient=lenient)
        search = searches.search if conditional else searches.find
        return await search(self._door, asked, params, lenient=lenient)

    async def own(
        self,
        actor: Actor,
        rtype: str,
        params: Sequence[tuple[str, str]],
        *,
        count: int,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> ReleasedPage:
        """What a system of a facility (role feed) wrote, by its identifiers: matches without content.

        Raises HubError FORBIDDEN, UNSUPPORTED, INVALID.
        """
        return await own.find_own(self._door, _searching(actor, rtype, params, origin), params, count)

    async def latest(
        self,
        actor: Actor,
        params: Sequence[tuple[str, str]],
        *,
        lenient: bool = False,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> ReleasedPage:
        """The newest Observations of each kind (R4 `Observation/$lastn`), page by page. `params` as for `search`."""
        query = searches.query_text([("$lastn", ""), *params])
        asked = Asked(actor=actor, interaction=Interaction.OPERATION, origin=origin, type="Observation", query=query)
        return await latest.latest(self._door, asked, params, lenient=lenient)

    async def document(self, actor: Actor, rid: str, *, origin: Origin = UNKNOWN_ORIGIN) -> ReleasedPage:
        """A Composition (`matches`) with what it refers to (`included`), as far as it may be seen (R4 `$document`).

        Raises HubError NOT_FOUND as a read does.
        """
        query = searches.query_text([("$document", "")])
        asked = Asked(
            actor=actor, interaction=Interaction.OPERATION, origin=origin, type="Composition", id=rid, query=query
        )
        return await documents.document(self._door, asked)

    async def summary(self, actor: Actor, rid: str, *, origin: Origin = UNKNOWN_ORIGIN) -> ReleasedPage:
        """What a summary of a source patient or a person is made of, as far as it may be seen (IPS `$summary`).

        `matches` begin with the Patients. Raises what `everything` and `latest` raise.
        """
        query = searches.query_text([("$summary", "")])
        asked = Asked(
            actor=actor, interaction=Interaction.OPERATION, origin=origin, type="Patient", id=rid, query=query
        )
        return await summaries.summary(self._door, asked, rid)

    async def explain(
        self, actor: Actor, rtype: str | None, params: Sequence[tuple[str, str]], *, origin: Origin = UNKNOWN_ORIGIN
    ) -> Json:
        """How a search would be run, as a Parameters resource: for operators, and nothing of any record.

        `params` as for `search`, with `_explain=true` among them. Also raises HubError UNSUPPORTED and INVALID.
        """
        asked = _searching(actor, rtype, params, origin)
        return await explain.explain(self._door, asked, params)

    async def match(
        self, actor: Actor, patient: Json, *, count: int, certain: bool, origin: Origin = UNKNOWN_ORIGIN
    ) -> list[Candidate]:
        """At most `count` persons who may be the one a Patient resource describes (R4 `Patient/$match`), best first.

        With `certain` the one that is certain, or none. Only sources the actor may see make up the persons. Also raises
        THROTTLED, as `corresponding` does.
        """
        given = searches.query_text(
            [("$match", ""), ("count", str(count)), ("onlyCertainMatches", str(certain).lower())]
        )
        asked = Asked(actor=actor, interaction=Interaction.OPERATION, origin=origin, type="Patient", query=given)
        return await match.match(self._door, asked, patient, count=count, certain=certain)

    async def corresponding(
        self, actor: Actor, system: str, value: str, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> Released | None:
        """The golden Patient of the person who has this identifier, made of the sources the actor may see (PIX).

        None where nobody has it, the actor may not see who, or several persons have it. Also raises what `search`
        raises.
        """
        query = searches.query_text([("$corresponding", ""), ("identifier", f"{system}|{value}")])
        asked = Asked(actor=actor, interaction=Interaction.OPERATION, origin=origin, type="Patient", query=query)
        return await cross_reference.corresponding(self._door, asked, system, value)

    async def everything(
        self,
        actor: Actor,
        rid: str,
        params: Sequence[tuple[str, str]],
        *,
        lenient: bool = False,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> ReleasedPage:
        """The permitted part of the record of a source patient or a person (R4 `Patient/$everything`), page by page.

        `matches` are the patient's own resources, `included` what they refer to that is about no patient. `params` as
        for `search`. Also raises HubError FORBIDDEN (code `break-glass-possible` or `break-glass-not-possible`) when
        nothing is permitted though the actor has a relationship with the patient, UNSUPPORTED and INVALID.
        """
        asked = Asked(
            actor=actor,
            interaction=Interaction.OPERATION,
            origin=origin,
            type="Patient",
            id=rid,
            query=searches.query_text(params) or None,
        )
        return await records.everything(self._door, asked, params, lenient=lenient)


def _searching(actor: Actor, rtype: str | None, params: Sequence[tuple[str, str]], origin: Origin) -> Asked:
    interaction = Interaction.SEARCH_TYPE if rtype else Interaction.SEARCH_SYSTEM
    return Asked(actor=actor, interaction=interaction, origin=origin, type=rtype, query=searches.query_text(params))
