"""`_summary` (R4 search.html#summary, http.html#parameters) on every way to a resource."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.fhir.subset import SUBSETTED
from hub.fhir.xml import read_xml
from hub.kernel.types import Json
from tests.api.house import BASE, House, body, code, in_house, observation, patient

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">words</div>'}
#: What is left of the Patient of these tests in each summary, besides resourceType, id and meta.
LEFT = {
    "true": {"identifier", "name", "gender", "birthDate"},
    "text": {"text"},
    "data": {"identifier", "name", "gender", "birthDate", "maritalStatus"},
}


async def person(home: House) -> str:
    made = await home.create(patient(text=NARRATIVE, maritalStatus={"text": "widowed"}))
    rid: str = made["id"]
    return rid


def left(resource: Json) -> set[str]:
    """The elements of a resource that is marked as a part."""
    assert resource["meta"]["tag"] == [SUBSETTED]
    return set(resource) - {"resourceType", "id", "meta"}


def resources(answer: httpx.Response, mode: str = "match") -> list[Any]:
    return [e["resource"] for e in body(answer).get("entry", ()) if e.get("search", {"mode": mode})["mode"] == mode]


@pytest.mark.parametrize("kind", LEFT)
def test_every_way_to_a_resource_gives_the_summary(database_url: str, kind: str) -> None:
    async def visit(home: House) -> None:
        rid = await person(home)
        wanted = f"?_summary={kind}"
        whole = body(await home.ask("GET", f"/Patient/{rid}"))
        for path in (f"/Patient/{rid}", f"/Patient/{rid}/_history/1"):
            answer = await home.ask("GET", path + wanted)
            assert left(body(answer)) == LEFT[kind]
            assert answer.headers["etag"] == 'W/"1"'
        for path in ("/Patient", f"/Patient/{rid}/_history", f"/Patient/{rid}/$everything"):
            (found,) = resources(await home.ask("GET", path + wanted))
            assert left(found) == LEFT[kind]
            assert {key: found[key] for key in LEFT[kind]} == {key: whole[key] for key in LEFT[kind]}
        entries = [{"request": {"method": "GET", "url": f"Patient/{rid}{wanted}"}}]
        batch = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
        assert left(body(batch)["entry"][0]["resource"]) == LEFT[kind]
        form = {"content_type": "application/x-www-form-urlencoded"}
        (found,) = resources(await home.ask("POST", "/Patient/_search", wanted[1:].encode(), **form))
        assert left(found) == LEFT[kind]

    in_house(database_url, visit)


def test_false_is_the_whole(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await person(home)
        whole = await home.ask("GET", f"/Patient/{rid}")
        assert (await home.ask("GET", f"/Patient/{rid}?_summary=false")).content == whole.content
        assert resources(await home.ask("GET", "/Patient?_summary=false")) == [body(whole)]

    in_house(database_url, visit)


def test_count_is_the_total_alone_and_of_searches_only(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await person(home)
        page = body(await home.ask("GET", "/Patient?_summary=count&_elements=name"))
        assert (page["total"], "entry" in page) == (1, False)
        entries = [{"request": {"method": "GET", "url": "Patient?_summary=count"}}]
        batch = body(await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}))
        assert batch["entry"][0]["resource"]["total"] == 1
        for path in (f"/Patient/{rid}", f"/Patient/{rid}/_history", f"/Patient/{rid}/$everything", "/AuditEvent"):
            who = "auditor" if path == "/AuditEvent" else "clinic"
            refused = await home.ask("GET", f"{path}?_summary=count", who=who)
            assert refused.status_code == 400
            assert "_summary" in refused.text

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "query",
    ["_summary=secretword", "_summary=true&_summary=text", "_summary=true&_elements=name"],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_parameter(database_url: str, query: str) -> None:
    async def visit(home: House) -> None:
        for path in ("/Patient", "/Patient/a", "/Patient/a/_history"):
            answer = await home.ask("GET", f"{path}?{query}")
            assert answer.status_code == 400
            assert query.rpartition("&")[2].partition("=")[0] in answer.text
            assert "secretword" not in answer.text

    in_house(database_url, visit)


def test_an_included_resource_is_summarised_too_but_text_goes_with_no_include(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await person(home)
        await home.create(observation(rid, note=[{"text": "n"}]))
        path = "/Observation?_include=Observation:subject&_summary="
        answer = await home.ask("GET", f"{path}true")
        assert left(resources(answer)[0]) == {"status", "code", "subject", "effectiveDateTime", "valueQuantity"}
        assert left(resources(answer, "include")[0]) == LEFT["true"]
        for include in ("_include=Observation:subject", "_include:iterate=Observation:subject"):
            refused = await home.ask("GET", f"/Observation?{include}&_summary=text")
            assert (refused.status_code, "_summary" in refused.text) == (400, True)

    in_house(database_url, visit)


def test_links_keep_the_summary_from_page_to_page(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await person(home)
        for value in ("131", "132", "133"):
            await home.create(observation(rid, value, note=[{"text": "n"}]))
        await home.ask("PUT", f"/Patient/{rid}", patient(id=rid, gender="other"))
        for start in (
            "/Observation?_count=1&",
            f"/Patient/{rid}/$everything?_count=2&",
            f"/Patient/{rid}/_history?_count=1&",
        ):
            path, pages = f"{start}_summary=true", 0
            while path:
                answer = await home.ask("GET", path)
                for resource in resources(answer):
                    assert "note" not in resource
                    assert SUBSETTED in resource["meta"]["tag"]
                links = {link["relation"]: link["url"] for link in body(answer)["link"]}
                assert "_summary=true" in links["self"]
                path, pages = links.get("next", "").removeprefix(BASE), pages + 1
            assert pages > 1

    in_house(database_url, visit)


def test_what_a_write_answers_is_shaped_and_prefer_still_decides(database_url: str) -> None:
    async def visit(home: House) -> None:
        wanted = "?_summary=true"
        made = await home.ask("POST", f"/Patient{wanted}", patient(maritalStatus={"text": "w"}))
        assert left(body(made)) == LEFT["true"]
        rid = body(made)["id"]
        assert body(await home.ask("GET", f"/Patient/{rid}"))["maritalStatus"] == {"text": "w"}
        changed = patient(id=rid, gender="other")
        put = await home.ask("PUT", f"/Patient/{rid}{wanted}", changed, prefer="return=minimal")
        assert (put.status_code, put.content) == (200, b"")
        put = await home.ask("PUT", f"/Patient/{rid}{wanted}", changed, prefer="return=OperationOutcome")
        assert body(put)["resourceType"] == "OperationOutcome"
        conditional = await home.ask("PUT", "/Patient?identifier=urn:test:mrn|mrn-1&_summary=true", changed)
        assert left(body(conditional)) == LEFT["true"]

    in_house(database_url, visit)


def test_a_bundle_as_a_whole_has_no_shape(database_url: str) -> None:
    async def visit(home: House) -> None:
        bundle = {"resourceType": "Bundle", "type": "batch"}
        refused = await home.ask("POST", "?_summary=true", bundle)
        assert (refused.status_code, "_summary" in refused.text) == (400, True)
        assert (await home.ask("POST", "?_summary=true", bundle, prefer="handling=lenient")).status_code == 400

    in_house(database_url, visit)


def test_a_read_that_is_unchanged_stays_304_and_a_deleted_one_410(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await person(home)
        path = f"/Patient/{rid}?_summary=true"
        assert (await home.ask("GET", path, if_none_match='W/"1"')).status_code == 304
        await home.ask("DELETE", f"/Patient/{rid}")
        assert (await home.ask("GET", path)).status_code == 410
        history = body(await home.ask("GET", f"/Patient/{rid}/_history?_summary=true"))
        assert ["resource" in entry for entry in history["entry"]] == [False, True]

    in_house(database_url, visit)


def test_audit_events_and_xml_are_summarised_too(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await person(home)
        event = resources(await home.ask("GET", "/AuditEvent?_summary=true", who="auditor"))[0]
        assert SUBSETTED in event["meta"]["tag"]
        events = await home.ask("GET", "/AuditEvent?_format=xml", who="auditor")
        assert read_xml(events.content)["entry"][0]["resource"]["resourceType"] == "AuditEvent"
        answer = await home.ask("GET", f"/Patient/{rid}?_summary=text&_format=xml&_pretty=true")
        assert left(read_xml(answer.content)) == LEFT["text"]

    in_house(database_url, visit)


def test_a_part_does_not_take_the_place_of_the_whole(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await person(home)
        for query in ("_summary=true", "_elements=gender"):
            part = body(await home.ask("GET", f"/Patient/{rid}?{query}"))
            refused = await home.ask("PUT", f"/Patient/{rid}", part)
            assert (refused.status_code, code(refused)) == (422, "subsetted")
        assert body(await home.ask("GET", f"/Patient/{rid}"))["maritalStatus"] == {"text": "widowed"}

    in_house(database_url, visit)
