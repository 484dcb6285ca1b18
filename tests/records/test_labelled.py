"""Labels on write at both doors: what a client or a message says decides how strict it and what holds it are."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

import pytest

from consent.labelling import Labelling, Row, shipped
from consent.tables import ACT_CODE, CONFIDENTIALITY
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Draft, Json, Translation
from hub.records.client import ClientWrites
from hub.records.operations import Create, Update
from hub.records.relabelling import Relabelling
from hub.store.store import Store
from hub.store.values import Stored
from tests.auth.consortium import CONSORTIUM, NOW
from tests.pipeline.fake_feed import IDS
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.records.door import DOCTOR, Watched, door_on, following, with_door
from tests.records.test_ingest import ingest

ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
HIV: Final = f"{ACT_CODE}|HIV"
PSY: Final = f"{ACT_CODE}|PSY"


def about(rtype: str, patient: str = "a", code: str = "", **elements: Any) -> Json:
    concept = {"code": {"coding": [{"system": ICD10, "code": code}]}} if code else {}
    return {"resourceType": rtype, "subject": {"reference": f"Patient/{patient}"}, **concept, **elements}


async def write(door: ClientWrites, rid: str, resource: Json) -> None:
    await door.write(DOCTOR, Create(type=resource["resourceType"], id=rid, resource=resource))


async def stood(store: Store, door: ClientWrites, rtype: str, rid: str) -> Stored:
    async with door._database.connection() as tx:
        return (await store.load(tx, [(rtype, rid)]))[rtype, rid]


def test_what_is_in_a_value_set_of_the_list_is_taken_up_before_each_write_and_each_transaction(
    database_url: str,
) -> None:
    held: dict[str, dict[str, set[str]]] = {}
    codes = ["I10"]

    async def refresh() -> None:
        held["urn:set"] = {ICD10: set(codes)}

    async def visit(other: ClientWrites, store: Watched) -> None:
        labelling = Labelling([Row("PSY", "set", "", "urn:set")], held.get)
        door = door_on(other._database, store, labelling=labelling, refresh=refresh)
        await write(door, "one", about("Condition", code="I10"))
        codes.append("E11")
        wanted = Create(type="Condition", id="two", resource=about("Condition", code="E11"))
        await door.transaction(DOCTOR, [wanted])
        await write(door, "three", about("Condition", code="J44"))
        labels = [(await stood(store, door, "Condition", rid)).facts.labels for rid in ("one", "two", "three")]
        assert labels == [(PSY,), (PSY,), ()]
        await door.close()

    with_door(database_url, visit)


def test_a_client_writes_what_is_sensitive_and_it_is_labelled_in_body_and_facts(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        await write(door, "c", about("Condition", code="B20"))
        found = await stood(store, door, "Condition", "c")
        assert found.facts.labels == (HIV,)
        assert b'"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"}]' in found.body

    with_door(database_url, visit)


def test_lowering_by_an_update_leaves_the_label_where_the_code_is_gone_too(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        await write(door, "c", about("Condition", code="B20"))
        update = Update(type="Condition", id="c", resource=about("Condition", code="I10"), expected=None)
        done = await door.write(DOCTOR, update)
        assert done.labels_kept
        assert (await stood(store, door, "Condition", "c")).facts.labels == (HIV,)
        again = Update(
            type="Condition", id="c", resource=about("Condition", code="I10", meta=_meta(HIV)), expected=None
        )
        assert not (await door.write(DOCTOR, again)).labels_kept

    with_door(database_url, visit)


def test_what_refers_to_something_strict_is_judged_by_its_own_words(database_url: str) -> None:
    """Whether it can be seen must not tell whether something hidden is there."""

    async def visit(door: ClientWrites, store: Watched) -> None:
        await write(door, "o", about("Observation", code="B20"))
        await write(door, "r", about("DiagnosticReport", result=[{"reference": "Observation/o"}]))
        assert (await stood(store, door, "DiagnosticReport", "r")).facts.labels == ()

    with_door(database_url, visit)


def test_a_binary_tells_nothing_of_a_document_of_another_facility(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        theirs = Create(type="DocumentReference", id="d", resource=about("DocumentReference", code="B20", content=[]))
        await door.write(replace(DOCTOR, organization="F01"), theirs)
        binary = {"resourceType": "Binary", "contentType": "x/y"}
        for rid, context in (("b", "d"), ("nothing", "unknown")):
            await write(door, rid, {**binary, "securityContext": {"reference": f"DocumentReference/{context}"}})
        found = [await stood(store, door, "Binary", rid) for rid in ("b", "nothing")]
        assert {(row.patient, row.facts.labels) for row in found} == {(None, ())}

    with_door(database_url, visit)


def test_a_binary_written_beside_its_document_is_as_strict(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        document = about("DocumentReference", content=[], type={"text": "艾滋病随访"})
        binary = {
            "resourceType": "Binary",
            "contentType": "x/y",
            "securityContext": {"reference": "DocumentReference/d"},
        }
        operations = [
            Create(type="Binary", id="b", resource=binary),
            Create(type="DocumentReference", id="d", resource=document),
        ]
        await door.transaction(DOCTOR, operations)
        found = await stood(store, door, "Binary", "b")
        assert (found.patient, found.facts.labels) == ("a", (HIV,))

    with_door(database_url, visit)


def test_a_binary_is_about_whom_its_context_is_about_and_stays_so(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        document = about("DocumentReference", content=[], meta=_meta(f"{CONFIDENTIALITY}|R"))
        await write(door, "d", document)
        binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "eA=="}
        bound = {**binary, "securityContext": {"reference": "DocumentReference/d"}}
        await write(door, "b", bound)
        found = await stood(store, door, "Binary", "b")
        assert (found.patient, found.facts.labels) == ("a", (f"{CONFIDENTIALITY}|R",))
        await door.write(DOCTOR, Update(type="Binary", id="b", resource={**bound, "data": "eQ=="}, expected=None))
        assert (await stood(store, door, "Binary", "b")).version == 2
        await write(door, "other", about("DocumentReference", patient="z", content=[]))
        elsewhere = {**binary, "securityContext": {"reference": "DocumentReference/other"}}
        with pytest.raises(HubError) as refused:
            await door.write(DOCTOR, Update(type="Binary", id="b", resource=elsewhere, expected=None))
        assert refused.value.code == "subject-changed"
        await write(door, "free", binary)
        assert (await stood(store, door, "Binary", "free")).patient is None

    with_door(database_url, visit)


def _meta(*labels: str) -> Json:
    pairs = (label.partition("|") for label in labels)
    return {"security": [{"system": system, "code": code} for system, _, code in pairs]}


def draft(rtype: str, key: str, resource: Json, patient: str = "p") -> Draft:
    found = {**resource, "id": IDS("F01", rtype, "urn:test", key), "subject": {"reference": f"Patient/{patient}"}}
    return Draft(resource=found, authority="urn:test", key=key, patient=patient)


async def labels(hub: Box, one: Draft) -> list[str]:
    found = await hub.read(one.resource["resourceType"], one.resource["id"])
    assert found is not None
    return [label["code"] for label in found.get("meta", {}).get("security", ())]


def test_a_message_with_a_sensitive_value_labels_it_its_report_and_its_documents_and_nothing_else(
    database_url: str,
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            value = draft("Observation", "1", about("Observation", status="final", code="F20.0"))
            other = draft("Observation", "2", about("Observation", status="final"))
            document = draft("DocumentReference", "3", about("DocumentReference", status="current", content=[]))
            result = [{"reference": f"Observation/{value.resource['id']}"}]
            report = draft("DiagnosticReport", "4", about("DiagnosticReport", status="final", result=result))
            plain = draft("DiagnosticReport", "5", about("DiagnosticReport", status="final"))
            translation = Translation(drafts=(document, report, plain, value, other))
            assert (await ingest(hub, 1, translation)).refusal is None
            found = {one.key: await labels(hub, one) for one in translation.drafts}
            assert found == {"1": ["PSY"], "2": [], "3": ["PSY"], "4": ["PSY"], "5": []}

    run(story())


def test_a_later_message_without_the_value_leaves_the_report_as_strict(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            value = draft("Observation", "1", about("Observation", status="final", code="B20"))
            result = [{"reference": f"Observation/{value.resource['id']}"}]
            report = draft("DiagnosticReport", "2", about("DiagnosticReport", status="partial", result=result))
            await ingest(hub, 1, Translation(drafts=(value, report)))
            usual = {"security": [{"system": CONFIDENTIALITY, "code": "N"}]}
            final = about("DiagnosticReport", status="final", result=result, meta=usual)
            again = draft("DiagnosticReport", "2", final)
            assert (await ingest(hub, 2, Translation(drafts=(again,)))).refusal is None
            assert sorted(await labels(hub, report)) == ["HIV", "N"]

    run(story())


@pytest.mark.parametrize("added", [(), (f"{ACT_CODE}|NOPAT", f"{CONFIDENTIALITY}|V")])
def test_a_message_lifts_what_messages_stated_and_nothing_that_somebody_added(
    database_url: str, added: tuple[str, ...]
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            stated = (f"{CONFIDENTIALITY}|R", f"{CONFIDENTIALITY}|N", f"{CONFIDENTIALITY}|L")
            first, second, third = (
                draft("Observation", "1", about("Observation", status="final", meta=_meta(label))) for label in stated
            )
            await ingest(hub, 1, Translation(drafts=(first,)))
            if added:
                door, nurse = door_on(hub.database, hub.store), replace(DOCTOR, organization="F01")
                seen = {**first.resource, "meta": _meta(stated[0], *added)}
                await door.write(nurse, Update(type="Observation", id=seen["id"], resource=seen, expected=None))
                await door.close()
            for number, again in ((2, second), (3, third)):
                assert (await ingest(hub, number, Translation(drafts=(again,)))).refusal is None
            kept = {"L", *(["N", "R", "NOPAT", "V"] if added else [])}
            assert set(await labels(hub, first)) == kept

    run(story())


def test_the_same_message_again_makes_no_version(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            diagnosis = draft("Condition", "1", about("Condition", code="F20.0"))
            for number in (1, 2):
                await ingest(hub, number, Translation(drafts=(diagnosis,)))
            found = await hub.read("Condition", diagnosis.resource["id"])
            assert found is not None
            assert found["meta"]["versionId"] == "1"

    run(story())


async def relabelled(door: ClientWrites, store: Store) -> tuple[int, int]:
    follows = following(store, CONSORTIUM, fixed_clock(NOW))
    done = await Relabelling(door._database, store, shipped(), follows).run(lambda _: None)
    return done.looked, done.labelled


def test_what_stood_before_the_list_is_labelled_once_and_its_binary_too(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        door._labelling = Labelling([])  # type: ignore[misc]
        await write(door, "c", about("Condition", code="B20"))
        await write(door, "plain", about("Condition", code="I10"))
        await write(door, "d", about("DocumentReference", content=[], type={"text": "艾滋病随访"}))
        binary = {
            "resourceType": "Binary",
            "contentType": "x/y",
            "securityContext": {"reference": "DocumentReference/d"},
        }
        await write(door, "b", binary)
        assert (await stood(store, door, "Condition", "c")).facts.labels == ()
        assert await relabelled(door, store) == (4, 3)
        places = [("Condition", "c"), ("DocumentReference", "d"), ("Binary", "b")]
        found = [await stood(store, door, rtype, rid) for rtype, rid in places]
        assert {(row.facts.labels, row.version) for row in found} == {((HIV,), 2)}
        assert (await stood(store, door, "Condition", "plain")).version == 1
        assert await relabelled(door, store) == (4, 0)

    with_door(database_url, visit)


def test_an_encounter_that_is_labelled_anew_goes_on_telling_who_looks_after_whom(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        door._labelling = Labelling([])  # type: ignore[misc]
        period = {"start": "2026-05-01"}
        stay = about("Encounter", status="in-progress", period=period, reasonCode=[{"text": "精神分裂症"}])
        await write(door, "e", {**stay, "serviceProvider": {"reference": "Organization/F05"}})
        key = reference_key("Patient", "a")

        async def relations() -> list[str]:
            async with door._database.connection() as tx:
                return [one.party for one in await store.relations(tx, [key])]

        before = await relations()
        assert before
        assert await relabelled(door, store) == (1, 1)
        assert await relations() == before
        assert (await stood(store, door, "Encounter", "e")).facts.labels == (PSY,)

    with_door(database_url, visit)


def test_what_waits_for_a_value_set_lets_the_writes_of_others_through(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        waiting = door_on(door._database, store, labelling=Labelling([Row("HIV", "set", "", "urn:set")]))
        both = (write(waiting, "coded", about("Condition", code="I10")), write(waiting, "plain", about("Condition")))
        coded, plain = await asyncio.gather(*both, return_exceptions=True)
        assert isinstance(coded, HubError)
        assert (coded.code, plain) == ("label-set", None)
        assert store.saves == [1]
        await waiting.close()

    with_door(database_url, visit)
