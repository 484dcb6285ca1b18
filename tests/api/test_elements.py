"""`_elements` (R4 search.html#elements): of the matches, by names of the top level, with what is mandatory."""

from __future__ import annotations

import pytest

from tests.api.house import House, body, in_house, observation, patient
from tests.api.test_summary import left, resources


def test_the_named_elements_and_the_mandatory_ones_are_given(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        value = await home.create(observation(rid))
        assert left(body(await home.ask("GET", f"/Patient/{rid}?_elements=name,birthDate"))) == {"name", "birthDate"}
        path = f"/Observation/{value['id']}"
        assert left(body(await home.ask("GET", f"{path}?_elements=value"))) == {"status", "code", "valueQuantity"}
        twice = await home.ask("GET", f"{path}/_history/1?_elements=value%5Bx%5D&_elements=subject")
        assert left(body(twice)) == {"status", "code", "valueQuantity", "subject"}
        typed = await home.ask("GET", f"{path}?_elements=subject,id,resourceType")
        assert left(body(typed)) == {"status", "code", "subject"}
        (found,) = resources(await home.ask("GET", f"{path}/_history?_elements=subject"))
        assert left(found) == {"status", "code", "subject"}

    in_house(database_url, visit)


def test_what_the_matches_include_stays_whole(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        await home.create(observation(made["id"]))
        answer = await home.ask("GET", "/Observation?_elements=code&_include=Observation:subject")
        assert left(resources(answer)[0]) == {"status", "code"}
        assert resources(answer, "include") == [made]

    in_house(database_url, visit)


def test_a_record_and_a_search_over_all_types_take_elements_of_any_type(database_url: str) -> None:
    async def visit(home: House) -> None:
        rid = (await home.create(patient()))["id"]
        await home.create(observation(rid))
        for path in (f"/Patient/{rid}/$everything", "/?_type=Patient,Observation"):
            mark = "&" if "?" in path else "?"
            found = resources(await home.ask("GET", f"{path}{mark}_elements=gender,subject"))
            by_type = {resource["resourceType"]: left(resource) for resource in found}
            assert by_type == {"Patient": {"gender"}, "Observation": {"status", "code", "subject"}}

    in_house(database_url, visit)


@pytest.mark.parametrize("names", ["secretword", "name,secretword", "name.family", "status"])
def test_an_element_the_type_does_not_have_is_refused_without_being_repeated(database_url: str, names: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        for path in ("/Patient", f"/Patient/{made['id']}", f"/Patient/{made['id']}/_history"):
            answer = await home.ask("GET", f"{path}?_elements={names}")
            assert (answer.status_code, "_elements" in answer.text) == (400, True)
            assert "secretword" not in answer.text

    in_house(database_url, visit)


def test_no_names_are_no_wish(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        assert body(await home.ask("GET", f"/Patient/{made['id']}?_elements=")) == made

    in_house(database_url, visit)


def test_an_entry_of_a_transaction_has_a_shape_of_its_own(database_url: str) -> None:
    async def visit(home: House) -> None:
        entries = [
            {"resource": patient(), "request": {"method": "POST", "url": "Patient?_elements=gender"}},
            {"request": {"method": "GET", "url": "Patient?_elements=name"}},
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = body(await home.ask("POST", "", bundle, prefer="return=representation"))
        assert left(answer["entry"][0]["resource"]) == {"gender"}
        assert left(answer["entry"][1]["resource"]["entry"][0]["resource"]) == {"name"}
        entries[1]["request"]["url"] = "Patient?_elements=secretword"
        refused = await home.ask("POST", "", bundle)
        assert (refused.status_code, "Bundle.entry[1].request.url" in refused.text) == (400, True)
        assert "secretword" not in refused.text

    in_house(database_url, visit)
