"""Observation/$lastn (R4 observation-operation-lastn.html).

"The request for a lastn query SHALL include: a subject using either the patient or subject search parameter; a category
parameter and/or a search parameter that contains a code element". The answer is filtered, grouped by Observation.code
where codings are translations of each other, sorted from most recent to oldest, limited to `max` per group (1 if there
is none); "in case of a tie when the effective times for >1 Observations are the same, servers should return both".
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from hub.kernel.types import Json
from tests.api.house import BASE, House, body, code, in_house, observation, patient

CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
LAB: Final = [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}]


def concept(*codings: str, text: str = "") -> Json:
    pairs = [dict(zip(("system", "code"), one.split("|"), strict=True)) for one in codings]
    return {**({"coding": pairs} if pairs else {}), **({"text": text} if text else {})}


async def value(home: House, rid: str, number: int, what: Json, day: int | None, **elements: Any) -> None:
    """An Observation whose value names it."""
    when = {} if day is None else {"effectiveDateTime": f"2026-05-{day:02}T08:00:00+08:00"}
    made = {**observation(rid), "category": LAB, "code": what, "valueQuantity": {"value": number}, **elements}
    del made["effectiveDateTime"]
    await home.create({**made, **when})


async def asked(home: House, query: str, **headers: str) -> list[int]:
    answer = await home.ask("GET", f"/Observation/$lastn?{query}", **headers)
    assert answer.status_code == 200, answer.text
    bundle = body(answer)
    assert (bundle["type"], bundle["total"]) == ("searchset", len(bundle.get("entry", ())))
    return [int(entry["resource"]["valueQuantity"]["value"]) for entry in bundle.get("entry", ())]


def test_the_newest_of_each_group_of_codes_newest_first(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        await value(home, rid, 1, concept("urn:a|glucose"), 1)
        await value(home, rid, 2, concept("urn:a|glucose", "urn:b|2345"), 3)
        await value(home, rid, 3, concept("urn:b|2345", "urn:c|G"), 2)
        await value(home, rid, 4, concept("urn:c|glucose"), 5)  # the same letters in another system
        await value(home, rid, 5, concept(text="Glucose"), 1)
        await value(home, rid, 6, concept(text="Glucose"), 2)
        await value(home, rid, 7, concept(text="glucose"), 1)
        found = await asked(home, f"patient={rid}&category=laboratory")
        assert sorted(found) == [2, 4, 6, 7]
        several = await asked(home, f"patient={rid}&category=laboratory&max=2")
        assert sorted(several) == [2, 3, 4, 5, 6, 7]
        assert [one for one in several if one in {2, 3}] == [2, 3]
        assert await asked(home, f"subject=Patient/{rid}&category=laboratory&max=3&code=urn:b|2345") == [2, 3]

    in_house(database_url, visit)


def test_all_of_one_time_are_given_and_those_without_a_time_come_last(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        for number, day in ((1, None), (2, 4), (3, 4), (4, 2), (5, 1)):
            await value(home, rid, number, concept("urn:a|bp"), day)
        assert sorted(await asked(home, f"patient={rid}&code=bp")) == [2, 3]
        assert sorted(await asked(home, f"patient={rid}&code=bp&max=2")) == [2, 3]
        assert (await asked(home, f"patient={rid}&code=bp&max=3"))[2:] == [4]
        assert (await asked(home, f"patient={rid}&code=bp&max=5"))[2:] == [4, 5, 1]

    in_house(database_url, visit)


def test_what_may_not_be_seen_neither_takes_a_place_nor_joins_groups(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        await value(home, rid, 1, concept("urn:a|x"), 1)
        await value(home, rid, 2, concept("urn:b|y"), 2)
        bridge = {**observation(rid), "category": LAB, "code": concept("urn:a|x", "urn:b|y")}
        await home.create({**bridge, "effectiveDateTime": "2026-05-09"}, who="hospital")
        assert sorted(await asked(home, f"patient={rid}&category=laboratory")) == [1, 2]

    in_house(database_url, visit)


def test_it_is_read_page_by_page_and_what_comes_meanwhile_takes_no_place(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        for number in range(5):
            for day in (1, 2, 2):
                await value(home, rid, 10 * number + day, concept(f"urn:a|{number}"), day)
        whole = await asked(home, f"patient={rid}&category=laboratory&max=2")
        assert whole == [10 * number + day for number in range(5) for day in (2, 2)]
        found: list[int] = []
        url: str | None = f"/Observation/$lastn?patient={rid}&category=laboratory&max=2&_count=3"
        while url is not None:
            answer = await home.ask("GET", url)
            page = body(answer)
            assert ("total" in page, len(page["entry"]) <= 3) == (False, True)
            found += [int(entry["resource"]["valueQuantity"]["value"]) for entry in page["entry"]]
            links = {link["relation"]: link["url"].removeprefix(BASE) for link in page["link"]}
            url = links.get("next")
            await value(home, rid, 99, concept("urn:a|4"), 9)
        assert found == whole
        assert (await asked(home, f"patient={rid}&category=laboratory"))[-1] == 99

    in_house(database_url, visit)


def test_a_later_page_has_what_was_corrected_meanwhile_and_nothing_older_in_its_place(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        for number, day in ((1, 1), (2, 1), (3, 2)):
            await value(home, rid, number, concept(f"urn:a|{min(number, 2)}"), day)
        first = body(await home.ask("GET", f"/Observation/$lastn?patient={rid}&category=laboratory&_count=1"))
        (newest,) = (each for each in await everyone(home, rid) if each["valueQuantity"]["value"] == 3)
        amended = {**newest, "status": "amended", "valueQuantity": {"value": 4}}
        assert (await home.ask("PUT", f"/Observation/{newest['id']}", amended)).status_code == 200
        links = {link["relation"]: link["url"].removeprefix(BASE) for link in first["link"]}
        page = body(await home.ask("GET", links["next"]))
        assert [entry["resource"]["valueQuantity"]["value"] for entry in page["entry"]] == [4]

    in_house(database_url, visit)


async def everyone(home: House, rid: str) -> list[Json]:
    found = body(await home.ask("GET", f"/Observation?patient={rid}"))
    return [entry["resource"] for entry in found["entry"]]


def test_deleted_ones_are_left_out_and_other_parameters_filter(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        await value(home, rid, 1, concept("urn:a|x"), 1)
        await value(home, rid, 2, concept("urn:a|x"), 2, status="preliminary")
        gone = await home.create({**observation(rid), "category": LAB, "code": concept("urn:a|x")})
        await home.ask("DELETE", f"/Observation/{gone['id']}")
        assert await asked(home, f"patient={rid}&category=laboratory") == [2]
        assert await asked(home, f"patient={rid}&category=laboratory&status=final") == [1]
        assert await asked(home, f"patient={rid}&category=laboratory&date=lt2026-05-02") == [1]
        assert await asked(home, f"patient={rid}&category=vital-signs") == []

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("category=laboratory", "search-value"),
        ("patient=a", "search-value"),
        ("patient=a&category=x&max=0", "search-value"),
        ("patient=a&category=x&max=1&max=2", "search-value"),
        ("patient=a&category=x&_count=0", "search-value"),
        ("patient=a&category=x&_sort=date", "unknown-parameter"),
        ("patient=a&category=x&_include=Observation:subject", "unknown-parameter"),
        ("patient=a&category=x&nonsense=1", "unknown-parameter"),
        ("patient.name=x&category=x", "search-value"),
    ],
)
def test_what_it_does_not_have_or_lacks_is_a_bad_request(database_url: str, query: str, told: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/Observation/$lastn?{query}")
        assert (answer.status_code, code(answer)) == (400, told), answer.text

    in_house(database_url, visit)


def test_it_is_asked_by_post_and_in_a_batch_too(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        for day in (1, 2, 3):
            await value(home, rid, day, concept("urn:a|x"), day)
        given = [
            {"name": "max", "valuePositiveInt": 2},
            {"name": "patient", "valueString": rid},
            {"name": "code", "valueString": "urn:a|x"},
        ]
        sent = {"resourceType": "Parameters", "parameter": given}
        posted = body(await home.ask("POST", "/Observation/$lastn", sent))
        assert [int(entry["resource"]["valueQuantity"]["value"]) for entry in posted["entry"]] == [3, 2]
        assert posted["link"][0]["url"] == f"{BASE}/Observation/$lastn?max=2&patient={rid}&code=urn:a|x"
        url = f"Observation/$lastn?patient={rid}&code=x"
        batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": url}}]}
        (entry,) = body(await home.ask("POST", "", batch))["entry"]
        assert entry["resource"]["total"] == 1

    in_house(database_url, visit)
