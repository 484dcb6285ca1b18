"""What the current FHIR says of Patient/$merge, and who may ask for it.

https://hl7.org/fhir/6.0.0-ballot2/patient-operation-merge.html
"""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest

from hub.api.fhir.merge_wish import read_wish
from hub.fhir.validate import validate
from hub.kernel.consortium import ReviewPolicy
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.mpi import lookup
from hub.mpi.stewardship import Steward
from tests.api.house import House, body, code, in_house
from tests.gate.test_regrouping import INDEX
from tests.mpi.people import citizen_id
from tests.outbound.house import patient

ZHAO: Final = {"name": [{"text": "赵平"}], "gender": "male", "birthDate": "1971-09-30"}


def named(name: str, value: Any) -> Json:
    element = {dict: "valueReference", bool: "valueBoolean"}[type(value)]
    if isinstance(value, dict) and "resourceType" in value:
        element = "resource"
    elif isinstance(value, dict) and "value" in value:
        element = "valueIdentifier"
    return {"name": name, element: value}


def asked(*parameters: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(parameters)}


def by_id(source: str, target: str, *more: Json) -> Json:
    whom = {"source-patient": source, "target-patient": target}
    return asked(*(named(name, {"reference": f"Patient/{rid}"}) for name, rid in whom.items()), *more)


def told(answer: Any) -> dict[str, Json]:
    assert body(answer)["resourceType"] == "Parameters", answer.text
    found = {one["name"]: one["resource"] for one in body(answer)["parameter"]}
    for name in ("outcome", "task", *(["result"] if "result" in found else [])):
        assert [issue for issue in validate(found[name]) if issue.severity in ("error", "fatal")] == [], name
    return found


async def known(home: House) -> None:
    """Two Patients of the clinic that nobody takes for one person, and one of the hospital."""
    for rid, who, more in (("F05-old", "clinic", ZHAO), ("F05-new", "clinic", {}), ("F01-a", "hospital", {})):
        facility, _, number = rid.partition("-")
        own = {"system": f"urn:oid:2.999.{int(facility[1:])}", "value": number}
        citizen = {"system": "urn:oid:2.16.156.10011.1.3", "value": citizen_id("1958-04-12", 97)}
        numbers = [own] if more else [own, citizen]
        resource = {**patient("a", facility), "id": rid, "identifier": numbers, **more}
        answer = await home.ask("PUT", f"/Patient/{rid}", resource, who=who)
        assert answer.status_code == 201, answer.text


async def person_of(home: House, *patients: str) -> set[str]:
    async with home.database.connection() as tx:
        rows = await tx.fetch("SELECT DISTINCT person FROM member WHERE patient = ANY($1::text[])", list(patients))
    return {row["person"] for row in rows}


async def is_sent_anew(home: House, had: httpx.Response) -> bool:
    """Whether a golden record is not taken for the one that was had, by its tag or by its time."""
    since, tag, path = had.headers["last-modified"], had.headers["etag"], f"/Patient/{body(had)['id']}"
    by_time = await home.ask("GET", path, if_modified_since=since)
    by_tag = await home.ask("GET", path, if_none_match=tag)
    return by_time.status_code == by_tag.status_code == 200 and body(by_tag)["link"] != body(had)["link"]


def test_the_source_is_replaced_and_inactive_and_the_target_has_its_identifiers_and_a_link(database_url: str) -> None:
    async def visit(home: House) -> None:
        await known(home)
        assert len(await person_of(home, "F05-old", "F05-new")) == 2
        seen = told(await home.ask("POST", "/Patient/$merge", by_id("F05-old", "F05-new", named("preview", True))))
        assert (seen["task"]["status"], len(await person_of(home, "F05-old", "F05-new"))) == ("draft", 2)
        assert body(await home.ask("GET", "/Patient/F05-old"))["meta"]["versionId"] == "1"

        sent = by_id("F05-old", "F05-new")
        answer = await home.ask("POST", "/Patient/$merge", sent)
        found = told(answer)
        assert (answer.status_code, found["task"]["status"], found["input"]) == (200, "completed", sent)
        source = body(await home.ask("GET", "/Patient/F05-old"))
        assert source["active"] is False
        assert source["link"] == [{"other": {"reference": "Patient/F05-new"}, "type": "replaced-by"}]
        target = body(await home.ask("GET", "/Patient/F05-new"))
        assert target == found["result"] | {"meta": target["meta"]}
        task = body(await home.ask("GET", f"/Task/{found['task']['id']}"))
        assert (task["focus"], task["for"]) == ({"reference": "Patient/F05-old"}, {"reference": "Patient/F05-new"})
        assert target["link"] == [{"other": {"reference": "Patient/F05-old"}, "type": "replaces"}]
        assert {"system": "urn:oid:2.999.5", "value": "old", "use": "old"} in target["identifier"]
        assert target["name"] == seen["result"]["name"] == [{"text": "沈桂兰"}]
        assert len(await person_of(home, "F05-old", "F05-new", "F01-a")) == 1
        again = await home.ask("POST", "/Patient/$merge", sent)
        assert (again.status_code, code(again)) == (422, "merge")

    in_house(database_url, visit, validate=validate)


def test_a_merge_is_taken_back_with_the_link_or_by_a_steward_and_persons_are_as_before(database_url: str) -> None:
    async def visit(home: House) -> None:
        await known(home)
        before = [await person_of(home, rid) for rid in ("F05-old", "F05-new", "F01-a")]
        for undo in ("link", "steward"):
            await home.ask("POST", "/Patient/$merge", by_id("F05-old", "F05-new"))
            assert len(await person_of(home, "F05-old", "F05-new")) == 1
            async with home.database.transaction() as tx:
                *_, merge = await lookup.history(tx, "F05-old")
                assert (merge.kind, merge.actor, merge.who) == ("merge", "message", "Practitioner/who")
            if undo == "steward":
                (person,) = await person_of(home, "F05-old", "F05-new")
                both = await home.ask("GET", f"/Patient/{person}")
                async with home.database.transaction() as tx:
                    await Steward(INDEX).reverse(tx, merge.number, who="li")
                assert await is_sent_anew(home, both)
            source = body(await home.ask("GET", "/Patient/F05-old"))
            kept = {name: value for name, value in source.items() if name not in ("link", "active")}
            assert (await home.ask("PUT", "/Patient/F05-old", kept)).status_code == 200
            assert [await person_of(home, rid) for rid in ("F05-old", "F05-new", "F01-a")] == before

    in_house(database_url, visit)


def test_parties_are_named_by_identifiers_that_must_find_one_patient_and_a_result_must_be_the_target(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        await known(home)

        async def refused(*parameters: Json, who: str = "clinic") -> tuple[int, str]:
            answer = await home.ask("POST", "/Patient/$merge", asked(*parameters), who=who)
            return answer.status_code, code(answer)

        old = named("source-patient-identifier", {"system": "urn:oid:2.999.5", "value": "old"})
        new = named("target-patient", {"reference": "Patient/F05-new"})
        nobody = named("source-patient-identifier", {"system": "urn:oid:2.999.5", "value": "nobody"})
        assert await refused(nobody, new) == (422, "survivor")
        both = named("source-patient", {"reference": "Patient/F05-old", "identifier": nobody["valueIdentifier"]})
        assert await refused(both, new) == (422, "merge")
        target = body(await home.ask("GET", "/Patient/F05-new"))
        assert await refused(old, new, named("result-patient", target)) == (422, "merge")
        result = {
            **target,
            "gender": "unknown",
            "link": [{"other": {"reference": "Patient/F05-old"}, "type": "replaces"}],
        }
        other = {**result, "id": "F05-old"}
        assert await refused(old, new, named("result-patient", other)) == (422, "merge")
        theirs = named("target-patient", {"reference": "Patient/F01-a"})
        assert (await refused(old, theirs))[0] in (404, 422)
        assert await refused(old, new, who="reader") == (403, "scope")
        assert (await refused(old, new, who="auditor"))[0] == 403
        assert len(await person_of(home, "F05-old", "F05-new")) == 2
        found = told(await home.ask("POST", "/Patient/$merge", asked(old, new, named("result-patient", result))))
        assert found["result"]["gender"] == "unknown"
        assert len(await person_of(home, "F05-old", "F05-new")) == 1

    in_house(database_url, visit)


def test_a_steward_merges_persons_of_several_facilities_and_four_eyes_make_it_a_task(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit(home: House) -> None:
        await known(home)
        sent = by_id("F05-old", "F01-a")
        seen = told(
            await home.ask("POST", "/Patient/$merge", by_id("F05-old", "F01-a", named("preview", True)), who="steward")
        )
        assert seen["task"]["status"] == "draft"
        decisions = home.services.reviews.decisions
        monkeypatch.setattr(decisions, "_policy", ReviewPolicy(four_eyes=frozenset({"merge"})))
        answer = await home.ask("POST", "/Patient/$merge", sent, who="steward")
        assert (answer.status_code, told(answer)["task"]["status"]) == (202, "requested")
        assert len(await person_of(home, "F05-old", "F01-a")) == 2
        assert code(await home.ask("POST", "/Patient/$merge", sent, who="steward")) == "proposed"
        monkeypatch.setattr(decisions, "_policy", ReviewPolicy())
        answer = await home.ask("POST", "/Patient/$merge", by_id("F05-old", "F05-new"), who="steward")
        assert (answer.status_code, told(answer)["task"]["status"]) == (200, "completed")
        assert len(await person_of(home, "F05-old", "F05-new")) == 1
        numbers = asked(named("source-patient-identifier", {"value": "old"}), *sent["parameter"][1:])
        assert code(await home.ask("POST", "/Patient/$merge", numbers, who="steward")) == "steward"
        assert body(await home.ask("GET", "/Patient/F05-old")).get("active") is not False

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        patient("a"),
        asked(),
        by_id("a", "b", {"name": "other", "valueString": "x"}),
        by_id("a", "b", named("preview", True), named("preview", True)),
        by_id("a", "b", {"name": "preview", "valueString": "x"}),
        asked(named("source-patient", {"reference": "Patient/a"})),
        asked(named("source-patient", {"reference": "Group/a"}), named("target-patient", {"reference": "Patient/b"})),
    ],
)
def test_parameters_that_cannot_be_read_are_refused(sent: Any) -> None:
    with pytest.raises(HubError) as caught:
        read_wish(sent)
    assert caught.value.category is Category.UNREADABLE
