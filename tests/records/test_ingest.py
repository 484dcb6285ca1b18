"""The door in: who may write what, and what is kept of it."""

from __future__ import annotations

from msgspec.structs import replace

from hub.kernel.types import Draft, Json, Translation
from hub.records.heads import Incoming
from hub.records.ingest import Ingested
from tests.pipeline.fake_feed import FEED, IDS, NOON, message, patient_id, translate
from tests.pipeline.hub_in_a_box import Box, box, run


async def ingest(hub: Box, number: int, translation: Translation, facility: str = "F01") -> Ingested:
    incoming = Incoming(message=number, feed=FEED, facility=facility, translation=translation, received_at=NOON)
    async with hub.database.transaction() as tx:
        return (await hub.ingest.ingest(tx, [incoming]))[0]


def encounter(patient: str, **elements: object) -> Draft:
    resource: Json = {
        "resourceType": "Encounter",
        "id": IDS("F01", "Encounter", "visit", "1"),
        "status": "planned",
        "subject": {"reference": f"Patient/{patient}"},
        **elements,
    }
    return Draft(resource=resource, authority="visit", key="1", patient=patient)


def test_a_facility_never_touches_what_another_answers_for(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            assert (await ingest(hub, 1, translate(message("1", set={"gender": "male"})))).refusal is None
            refused = await ingest(hub, 2, translate(message("2", set={"gender": "female"})), facility="F03")
            assert refused.refusal is not None
            assert refused.refusal.code == "other-facility"
            patient = await hub.read("Patient", patient_id("A"))
            assert patient is not None
            assert patient["gender"] == "male"

    run(story())


def test_a_resource_written_on_behalf_of_another_facility_can_be_updated_by_its_writer(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            provider = {"serviceProvider": {"reference": "Organization/F03"}}
            for number, status in enumerate(("planned", "finished"), 1):
                draft = encounter("p", **provider, status=status)
                assert (await ingest(hub, number, Translation(drafts=(draft,)))).refusal is None
            stored = await hub.read("Encounter", draft.resource["id"])
            assert stored is not None
            assert stored["status"] == "finished"

    run(story())


def test_a_refused_message_touches_nothing(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await ingest(hub, 1, Translation(drafts=(encounter("p1"),)))
            other = translate(message("2", "B")).drafts[0]
            refused = await ingest(hub, 2, Translation(drafts=(other, encounter("p2"))))
            assert refused.refusal is not None
            assert refused.refusal.code == "subject-changed"
            assert await hub.read("Patient", patient_id("B")) is None

    run(story())


def test_a_resource_stated_twice_by_one_message_gets_one_version(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            drafts = encounter("p", status="planned"), encounter("p", period={"start": "2026-03-01"})
            await ingest(hub, 1, Translation(drafts=drafts))
            stored = await hub.read("Encounter", drafts[0].resource["id"])
            assert stored is not None
            assert (stored["meta"]["versionId"], stored["period"]) == ("1", {"start": "2026-03-01"})

    run(story())


def test_identity_events_are_kept_once_with_their_message(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            merge = translate(message("1", "A", other="B", merge=True))
            for _ in range(2):
                assert (await ingest(hub, 1, merge)).refusal is None
            async with hub.database.connection() as connection:
                events = await connection.fetch("SELECT message, facility, kind, survivor, loser FROM identity_event")
            assert [tuple(event) for event in events] == [(1, "F01", "A40", patient_id("A"), patient_id("B"))]

    run(story())


def test_a_message_that_changes_nothing_leaves_no_provenance(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            said = translate(message("1", set={"gender": "male"}))
            await ingest(hub, 1, said)
            async with hub.database.connection() as connection:
                before = await connection.fetchval("SELECT count(*) FROM outbox")
                await ingest(hub, 2, said)
                assert await connection.fetchval("SELECT count(*) FROM outbox") == before

    run(story())


def test_a_patient_known_another_way_now_keeps_the_registration_there_is(database_url: str) -> None:
    """Its merges and consents hang on the id first given; another's registration is never taken for it."""

    async def story() -> None:
        async with box(database_url) as hub:
            await ingest(hub, 1, translate(message("1", "before", set={"gender": "male"})))
            renamed = replace(translate(message("2", "now")).drafts[0], formerly=(patient_id("before"),))
            fresh = replace(translate(message("3", "new")).drafts[0], formerly=(patient_id("nobody"),))
            for number, drafts in ((2, (renamed,)), (3, (renamed, fresh))):
                visit = encounter(patient_id("now"))
                await ingest(hub, number, Translation(drafts=(*drafts, visit)))
            stored = await hub.read("Patient", patient_id("before"))
            assert stored is not None
            assert stored["identifier"][0]["value"] == "now"
            assert await hub.read("Patient", patient_id("now")) is None
            assert await hub.read("Patient", patient_id("new")) is not None
            stay = await hub.read("Encounter", visit.resource["id"])
            assert stay is not None
            assert stay["subject"] == {"reference": f"Patient/{patient_id('before')}"}

    run(story())


def test_a_study_withdrawn_right_behind_its_objects_takes_along_what_they_said(database_url: str) -> None:
    subject = {"subject": {"reference": "Patient/p"}}
    study: Json = {"resourceType": "ImagingStudy", "id": "study", "status": "available", **subject}
    said: Json = {"resourceType": "Observation", "id": "said", "status": "final", **subject}
    said["derivedFrom"] = [{"reference": "ImagingStudy/study"}]
    gone = {**study, "status": "entered-in-error"}
    told = [
        (
            Draft(resource=study, authority="s", key="1", patient="p"),
            Draft(resource=said, authority="o", key="1", patient="p"),
        ),
        (Draft(resource=gone, authority="s", key="1", patient="p", whole="Endpoint/e", only_stored=True),),
    ]

    async def story() -> None:
        async with box(database_url) as hub:
            batch = [
                Incoming(message=n, feed=FEED, facility="F01", translation=Translation(drafts=drafts), received_at=NOON)
                for n, drafts in enumerate(told, 1)
            ]
            async with hub.database.transaction() as tx:
                assert [one.refusal for one in await hub.ingest.ingest(tx, batch)] == [None, None]
            for rtype, rid in (("ImagingStudy", "study"), ("Observation", "said")):
                stood = await hub.read(rtype, rid)
                assert stood is not None
                assert stood["status"] == "entered-in-error"

    run(story())
