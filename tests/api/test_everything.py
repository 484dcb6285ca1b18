"""Patient/$everything over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api import house
from tests.api.house import ACTORS, BASE, House, body, code, in_house, observation, patient


async def recorded(home: House) -> str:
    """A patient with three Observations of the clinic, which name one Practitioner, and one of the hospital."""
    doctor = await home.create({"resourceType": "Practitioner", "name": [{"family": "方"}]})
    made = await home.create(patient())
    rid: str = made["id"]
    for value in ("131", "132", "133"):
        performer = [{"reference": f"Practitioner/{doctor['id']}"}]
        await home.create(observation(rid, value, performer=performer, valueQuantity={"value": 1.50}))
    await home.create(observation(rid, "140"), who="hospital")
    return rid


def found(bundle: Any) -> list[tuple[str, str]]:
    return [(entry["search"]["mode"], entry["resource"]["resourceType"]) for entry in bundle["entry"]]


WHOLE = [("match", "Patient"), *[("match", "Observation")] * 3, ("include", "Practitioner")]


def test_the_answer_is_a_searchset_of_the_permitted_record(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        answer = await home.ask("GET", f"/Patient/{rid}/$everything")
        assert answer.status_code == 200
        bundle = body(answer)
        assert (bundle["resourceType"], bundle["type"], bundle["total"]) == ("Bundle", "searchset", 4)
        assert found(bundle) == WHOLE
        for entry in bundle["entry"]:
            resource = entry["resource"]
            assert entry["fullUrl"] == f"{BASE}/{resource['resourceType']}/{resource['id']}"
        assert bundle["link"] == [{"relation": "self", "url": f"{BASE}/Patient/{rid}/$everything"}]

    in_house(database_url, visit)


def test_bodies_leave_as_they_are_read_by_id(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        answer = await home.ask("GET", f"/Patient/{rid}/$everything")
        for entry in body(answer)["entry"]:
            url = entry["fullUrl"].removeprefix(BASE)
            assert (await home.ask("GET", url)).content in answer.content

    in_house(database_url, visit)


def test_next_links_lead_through_the_record(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        url, seen = f"/Patient/{rid}/$everything?_count=2", []
        while url:
            bundle = body(await home.ask("GET", url))
            seen += found(bundle)
            assert "total" not in bundle
            links = {link["relation"]: link["url"] for link in bundle["link"]}
            assert links["self"] == BASE + url
            url = links.get("next", "").removeprefix(BASE)
            if url:
                assert (await home.ask("GET", url, who="hospital")).status_code == 404
        assert seen == WHOLE

    in_house(database_url, visit)


@pytest.mark.parametrize("way", ["query", "parameters", "nothing"])
def test_it_is_also_asked_for_by_post(database_url: str, way: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        url = f"/Patient/{rid}/$everything"
        given = {
            "resourceType": "Parameters",
            "parameter": [{"name": "_type", "valueCode": "Patient"}, {"name": "_count", "valueInteger": 5}],
        }
        if way == "query":
            answer = await home.ask("POST", url + "?_type=Patient&_count=5")
        else:
            answer = await home.ask("POST", url, given if way == "parameters" else None)
        assert answer.status_code == 200, answer.text
        assert found(body(answer)) == (WHOLE if way == "nothing" else [("match", "Patient")])

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"resourceType": "Patient"}, 400),
        ([], 400),
        ({"resourceType": "Parameters", "parameter": {}}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "_type"}]}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Patient", "part": []}]}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "_count", "valueBoolean": True}]}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "沈桂兰", "valueString": "x"}]}, 400),
        (b"_type=Patient", 400),
    ],
)
def test_a_body_that_is_no_parameters_is_refused(database_url: str, sent: Any, status: int) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient/a/$everything", sent)
        assert answer.status_code == status, answer.text
        assert "沈" not in answer.text

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("code=x", "unknown-parameter"),
        ("_type=Nobody", "search-value"),
        ("start=x", "search-value"),
        ("_count=0", "search-value"),
    ],
)
def test_parameters_it_does_not_have_are_a_bad_request(database_url: str, query: str, told: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/Patient/a/$everything?{query}")
        assert (answer.status_code, code(answer)) == (400, told)

    in_house(database_url, visit)


def test_a_hidden_record_is_answered_as_an_absent_one(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient(), who="hospital")
        hidden = await home.ask("GET", f"/Patient/{made['id']}/$everything")
        nobody = await home.ask("GET", "/Patient/nobody/$everything")
        assert (hidden.status_code, hidden.content) == (nobody.status_code, nobody.content)
        assert hidden.status_code == 404

    in_house(database_url, visit)


def test_without_an_id_it_is_the_record_a_token_is_bound_to(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        herself = replace(ACTORS["clinic"], role="patient", organization="", purpose=("PATRQT",), patient=rid)
        monkeypatch.setitem(house.ACTORS, "herself", replace(herself, practitioner=None))
        own = body(await home.ask("GET", "/Patient/$everything?_type=Patient", who="herself"))
        assert [entry["resource"]["id"] for entry in own["entry"]] == [rid]
        assert own["link"][0]["url"] == f"{BASE}/Patient/{rid}/$everything?_type=Patient"
        refused = await home.ask("GET", "/Patient/$everything")
        assert (refused.status_code, code(refused)) == (400, "no-patient")

    in_house(database_url, visit)


def test_care_dates_and_the_time_of_update_narrow_it(database_url: str) -> None:
    """operation-patient-everything.html: start and end relate to care dates, `_since` to record currency."""

    async def visit(home: House) -> None:
        rid = await recorded(home)
        for query, count in (
            ("start=2026-05-19&end=2026-05-19&_type=Observation", 3),
            ("start=2026-05-20&_type=Observation", 0),
            ("end=2026-05-18&_type=Observation", 0),
            ("_since=2026-05-20T01:00:00Z&_type=Observation,Patient", 4),
            ("_since=2027&_type=Observation", 0),
        ):
            bundle = body(await home.ask("GET", f"/Patient/{rid}/$everything?{query}"))
            assert len(bundle.get("entry", ())) == count, query

    in_house(database_url, visit)


def test_a_batch_may_ask_by_post_with_parameters(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        given = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Patient"}]}
        entries = [
            {"request": {"method": "POST", "url": f"Patient/{rid}/$everything"}, "resource": given},
            {"request": {"method": "POST", "url": f"Patient/{rid}/$everything"}},
        ]
        answer = body(await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}))
        assert [found(entry["resource"]) for entry in answer["entry"]] == [[("match", "Patient")], WHOLE]

    in_house(database_url, visit)


def test_it_may_be_an_entry_of_a_batch(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = await recorded(home)
        entries = [{"request": {"method": "GET", "url": f"Patient/{rid}/$everything"}}]
        answer = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
        (entry,) = body(answer)["entry"]
        assert entry["response"]["status"] == "200 OK"
        assert found(entry["resource"]) == WHOLE

    in_house(database_url, visit)
