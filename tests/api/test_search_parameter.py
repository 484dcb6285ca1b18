"""Search parameters an administrator defines (R4 searchparameter.html, http.html#capabilities)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.api.app import create_app
from hub.api.indexing import indexing_doors
from hub.api.json_doors import door_routes
from hub.audit.queries import newest
from hub.fhir.json import loads
from hub.kernel.types import Json
from hub.records.indexing import Indexing
from hub.store import arrears
from tests.api.defining import NICKNAME, define, definition, reindex, settled
from tests.api.house import House, body, code, in_house, observation, patient

#: On Observation, which consents hide one by one.
INTERPRETED = definition("interpreted", "Observation", "token", "Observation.interpretation")


async def ids(home: House, path: str, *, who: str = "clinic") -> list[str]:
    answer = await home.ask("GET", path, who=who)
    assert answer.status_code == 200, answer.text
    return [one["resource"]["id"] for one in body(answer).get("entry", [])]


R4 = "http://hl7.org/fhir/SearchParameter"
PARTS: Json = {
    **definition("part-value", "Observation", "composite", "Observation.component"),
    "component": [
        {"definition": f"{R4}/clinical-code", "expression": "code"},
        {"definition": f"{R4}/Observation-value-quantity", "expression": "value.as(Quantity)"},
    ],
}


def called(name: str) -> Json:
    return patient(name=[{"family": "沈", "given": ["桂兰"]}, {"use": "nickname", "given": [name]}])


def test_it_is_defined_indexed_and_found(database_url: str) -> None:
    async def visit(home: House) -> tuple[Any, Any, list[str], str]:
        made = await home.create(called("兰兰"))
        await define(home)
        await settled(home)
        early = await home.ask("GET", "/Patient?nickname=兰")
        await reindex(home)
        await settled(home)
        told = body(await home.ask("GET", "/metadata", who=""))
        return early, told, await ids(home, "/Patient?nickname=兰"), made["id"]

    early, told, found, rid = in_house(database_url, visit)
    assert (early.status_code, code(early)) == (400, "being-indexed")
    assert "0 percent" in early.text
    assert found == [rid]
    (of_patient,) = [one for one in told["rest"][0]["resource"] if one["type"] == "Patient"]
    assert {"name": "nickname", "type": "string", "definition": NICKNAME["url"]} in of_patient["searchParam"]


def test_a_composite_is_defined_of_r4s_parameters_and_of_others_of_ones_own(database_url: str) -> None:
    own = {"definition": INTERPRETED["url"], "expression": "interpretation"}
    third = PARTS | {"component": [PARTS["component"][0], own, PARTS["component"][1]]}
    named = {"code": "part-interpreted", "url": f"{INTERPRETED['url']}-value"}

    def pressure(code: str, value: int, reading: str) -> Json:
        coded = {"coding": [{"system": "urn:part", "code": code}]}
        interpreted = [{"coding": [{"code": reading}]}]
        return {"code": coded, "valueQuantity": {"value": value}, "interpretation": interpreted}

    async def visit(home: House) -> dict[str, list[str]]:
        early = await home.create(observation("a", component=[pressure("sys", 150, "H"), pressure("dia", 80, "N")]))
        unknown = await home.ask("POST", "/SearchParameter", third | named, who="administrator")
        assert (unknown.status_code, "component[1].definition" in unknown.text) == (422, True)
        for one in (PARTS, INTERPRETED, third | named):
            await define(home, one)
        await reindex(home)
        await settled(home)
        later = await home.create(observation("a", component=[pressure("sys", 120, "N"), pressure("dia", 95, "H")]))
        names = {early["id"]: "early", later["id"]: "later"}
        asked = ("part-value=sys$ge140", "part-value=urn:part|dia$ge90", "part-value=dia$ge140", "part-value=sys$gt100",
                 "part-interpreted=dia$H$gt90", "part-interpreted=dia$H$lt90", "part-value:missing=true")  # fmt: skip
        told = {one: sorted(names[rid] for rid in await ids(home, f"/Observation?{one}")) for one in asked}
        through = f"/Patient?_has:Observation:patient:part-value=sys$ge140&_id={early['id']}"
        assert await ids(home, through) == []
        return told

    assert list(in_house(database_url, visit).values()) == [
        *(["early"], ["later"], [], ["early", "later"], ["later"], [], []),
    ]


def test_it_is_announced_when_it_is_searchable_and_not_before(database_url: str) -> None:
    async def visit(home: House) -> list[bool]:
        seen = []
        for work in (settled, define, reindex):
            await work(home)
            await settled(home)
            seen.append("nickname" in (await home.ask("GET", "/metadata", who="")).text)
        return seen

    assert in_house(database_url, visit) == [False, False, True]


def test_what_is_written_by_another_process_than_the_one_that_defines_is_found(database_url: str) -> None:
    async def visit(home: House) -> list[str]:
        await home.create(called("兰兰"))
        await define(home)  # the writer of this house still has the registry it read before
        await home.create(called("兰兰"))
        await reindex(home)
        await settled(home)
        return await ids(home, "/Patient?nickname=兰兰")

    assert len(in_house(database_url, visit)) == 2


def test_a_draft_is_kept_and_not_answered_and_a_retired_one_no_more(database_url: str) -> None:
    async def visit(home: House) -> list[int]:
        made, told = await define(home, NICKNAME | {"status": "draft"}), []
        for status in ("draft", "active", "retired", "active"):
            changed = NICKNAME | {"id": made["id"], "status": status}
            answer = await home.ask("PUT", f"/SearchParameter/{made['id']}", changed, who="administrator")
            assert answer.status_code == 200, answer.text
            await reindex(home)
            await settled(home)
            told.append((await home.ask("GET", "/Patient?nickname=x")).status_code)
        await home.ask("DELETE", f"/SearchParameter/{made['id']}", who="administrator")
        await settled(home)
        told.append((await home.ask("GET", "/Patient?nickname=x")).status_code)
        told.append((await home.ask("GET", f"/SearchParameter/{made['id']}")).status_code)
        return told

    assert in_house(database_url, visit) == [400, 200, 400, 200, 400, 404]


@pytest.mark.parametrize(
    ("change", "element", "what"),
    [
        ({"code": "name"}, "code", "defined for Patient by R4"),
        ({"code": "_own"}, "code", "letters, digits and hyphens"),
        ({"base": ["Resource"]}, "base", "names a type"),
        ({"base": ["AuditEvent"]}, "base", "names a type"),
        ({"type": "composite"}, "component", "2 to 3 times"),
        ({"component": [{"definition": f"{R4}/individual-gender", "expression": "gender"}]}, "component", "composites"),
        ({"type": "special"}, "type", "does not index by definition"),
        ({"expression": "Patient.birthDate"}, "expression", "gives no value"),
        ({"expression": "Patient.nothing"}, "expression", "leads to no element"),
        ({"expression": "Patient.name.given.upper()"}, "expression", "leaves the FHIRPath subset"),
        ({"expression": "Patient.name..given"}, "expression", ""),
        ({"expression": "Patient.name.where().given"}, "expression", "calls a function"),
        ({"expression": "Patient.name.given | Person.name.given"}, "expression", "none of the base types"),
        ({"expression": "Patient.name.exists()"}, "expression", "true or false"),
        ({"expression": "Patient.managingOrganization.display"}, "expression", "into a Reference"),
        ({"expression": "Patient.contained.id", "type": "token"}, "expression", "into a Reference"),
        ({"base": ["Patient", "Person"]}, "expression", "says nothing of Person"),
        ({"type": "reference", "expression": "Patient.managingOrganization", "target": ["Nobody"]}, "target", ""),
    ],
)
def test_what_the_index_cannot_hold_is_refused_with_the_element(
    database_url: str, change: Json, element: str, what: str
) -> None:
    async def visit(home: House) -> Any:
        return await home.ask("POST", "/SearchParameter", NICKNAME | change, who="administrator")

    answer = in_house(database_url, visit)
    assert answer.status_code == 422, answer.text
    assert element in answer.text
    assert what in answer.text


def test_only_an_administrator_defines_and_everybody_may_read(database_url: str) -> None:
    async def visit(home: House) -> tuple[list[int], int, list[str], list[str], str]:
        refused = [
            (await home.ask("POST", "/SearchParameter", NICKNAME, who=who)).status_code
            for who in ("clinic", "feed", "engineer", "auditor")
        ]
        made = await define(home)
        path = f"/SearchParameter/{made['id']}"
        read = (await home.ask("GET", path)).status_code
        found, other = await ids(home, "/SearchParameter?code=nickname"), await ids(home, "/SearchParameter?code=x")
        return refused, read, found, other, made["id"]

    refused, read, found, other, rid = in_house(database_url, visit)
    assert refused == [403, 403, 403, 403]
    assert (read, found, other) == (200, [rid], [])


def test_each_of_it_is_in_the_trail_refusals_too(database_url: str) -> None:
    async def visit(home: House) -> list[tuple[str, str, str | None]]:
        made = await define(home)
        await home.ask("GET", f"/SearchParameter/{made['id']}")
        await home.ask("DELETE", f"/SearchParameter/{made['id']}")
        async with home.database.connection() as tx:
            entries = await newest(tx, limit=3)
        assert {entry.resource_id for entry in entries} == {made["id"]}
        return [(entry.requester.role, entry.interaction.value, entry.outcome.value) for entry in reversed(entries)]

    assert in_house(database_url, visit) == [
        ("administrator", "create", "released"),
        ("clinician", "read", "released"),
        ("clinician", "delete", "refused"),
    ]


def test_two_definitions_of_one_code_and_a_lost_update_are_refused(database_url: str) -> None:
    async def visit(home: House) -> list[int]:
        made = await define(home)
        again = await home.ask("POST", "/SearchParameter", NICKNAME, who="administrator")
        path = f"/SearchParameter/{made['id']}"
        stale = await home.ask("PUT", path, NICKNAME | {"id": made["id"]}, who="administrator", if_match='W/"7"')
        absent = await home.ask("PUT", "/SearchParameter/x", NICKNAME | {"id": "x"}, who="administrator")
        return [again.status_code, stale.status_code, absent.status_code]

    assert in_house(database_url, visit) == [409, 412, 404]


def test_a_change_of_words_alone_indexes_nothing_anew(database_url: str) -> None:
    async def visit(home: House) -> int:
        made = await define(home)
        await reindex(home)
        changed = NICKNAME | {"id": made["id"], "description": "otherwise"}
        await home.ask("PUT", f"/SearchParameter/{made['id']}", changed, who="administrator")
        await settled(home)
        return (await home.ask("GET", "/Patient?nickname=x")).status_code

    assert in_house(database_url, visit) == 200


def test_a_hidden_resource_is_not_found_by_a_parameter_of_ones_own(database_url: str) -> None:
    """The hospital has no relationship to the patient of the clinic: the row is as if it were not there."""
    high: dict[str, Any] = {"interpretation": [{"coding": [{"system": "urn:i", "code": "H"}]}]}
    asked = "/Observation?interpreted=urn:i%7CH&_total=accurate"

    async def visit(home: House) -> tuple[list[str], list[str], bytes, bytes]:
        who = await home.create(patient())
        await define(home, INTERPRETED)
        await reindex(home)
        await settled(home)
        nothing = await home.ask("GET", asked, who="hospital")
        made = await home.create(observation(who["id"], **high))
        denied = await home.ask("GET", asked, who="hospital")
        return await ids(home, asked), [made["id"]], nothing.content, denied.content

    seen, made, nothing, denied = in_house(database_url, visit)
    assert seen == made
    assert _entries(nothing) == _entries(denied) == (0, [])


def _entries(content: bytes) -> tuple[int, list[Any]]:
    page = loads(content)
    return page["total"], page.get("entry", [])


async def behind(home: House) -> None:
    """As after the upgrade of a hub whose release spoke no names."""
    async with home.database.transaction() as tx:
        await tx.execute("UPDATE search_registry SET indexed = 3")
        await arrears.raise_version(tx)
    await settled(home)


def test_after_an_upgrade_a_search_says_what_it_may_miss_until_that_is_indexed_anew(database_url: str) -> None:
    async def visit(home: House) -> tuple[Any, Any, int]:
        await home.create(patient(name=[{"family": "沈", "given": ["桂兰"]}]))
        await behind(home)
        page = body(await home.ask("GET", "/Patient?name=sgl"))
        with_condition = await home.ask("POST", "/Patient", patient(), If_None_Exist="name=sgl")
        filtered = "/Patient/$export?_type=Patient&_typeFilter=Patient%3Fname%3Dsgl"
        export = await home.ask("GET", filtered, prefer="respond-async")
        assert (export.status_code, code(export)) == (503, "being-indexed")
        await reindex(home)
        await settled(home)
        return page, with_condition, len(body(await home.ask("GET", "/Patient?name=sgl"))["entry"])

    page, with_condition, after = in_house(database_url, visit)
    (issue,) = page["entry"][-1]["resource"]["issue"]
    assert (page["entry"][-1]["search"]["mode"], issue["severity"], issue["code"]) == (
        "outcome",
        "warning",
        "incomplete",
    )
    assert issue["diagnostics"].startswith("Patient.name is being indexed anew, 0 percent so far")
    assert (with_condition.status_code, code(with_condition)) == (503, "being-indexed")
    assert after == 1


def test_the_administrator_alone_sees_how_far_the_index_is(database_url: str) -> None:
    async def visit(home: House) -> tuple[int, list[Json]]:
        route = door_routes(home.services, indexing_doors(Indexing(home.database)))
        app = create_app(home.services)
        app.router.routes += route
        await home.create(patient())
        await behind(home)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub.test") as http:
            url = "/api/search-parameters"
            refused = await http.get(url, headers={"authorization": "Bearer clinic"})
            answer = await http.get(url, headers={"authorization": "Bearer administrator"})
        return refused.status_code, body(answer)["indexed"]

    refused, indexed = in_house(database_url, visit)
    assert refused == 403
    (of_patients,) = [one for one in indexed if one["type"] == "Patient"]
    assert (of_patients["code"], of_patients["ready"]) == ("mothersMaidenName, name, phonetic", False)
