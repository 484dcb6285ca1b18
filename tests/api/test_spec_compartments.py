"""What R4 says of compartments, each statement a test.

https://hl7.org/fhir/R4/compartmentdefinition.html, https://hl7.org/fhir/R4/search.html (3.1.1.3),
https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from hub.fhir.compartments import OWNERS, compartment_types
from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import BASE, House, body, in_house, observation, patient

FORM: Final = "application/x-www-form-urlencoded"


def about(reference: str) -> Json:
    return {"reference": reference}


def resource(rtype: str, rid: str, **elements: Any) -> Json:
    return {"resourceType": rtype, "id": rid, **elements}


WARD: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
DOCTOR, VISIT, METER, MOTHER = (
    "Practitioner/F05-doc",
    "Encounter/F05-visit",
    "Device/F05-meter",
    "RelatedPerson/F05-mum",
)

#: One of each owner, and what stands in their compartments and beside them.
RECORD: Final = (
    patient(id="F05-p", generalPractitioner=[about(DOCTOR)]),
    resource("Practitioner", "F05-doc", name=[{"family": "方"}]),
    resource("Device", "F05-meter", patient=about("Patient/F05-p")),
    resource("RelatedPerson", "F05-mum", patient=about("Patient/F05-p")),
    resource("Encounter", "F05-visit", status="finished", **{"class": WARD}, subject=about("Patient/F05-p")),
    resource(
        "Encounter",
        "F05-other",
        status="finished",
        **{"class": WARD},
        subject=about("Patient/F05-p"),
        participant=[{"individual": about(DOCTOR)}],
    ),
    {**observation("F05-p", "7"), "id": "F05-o1", "encounter": about(VISIT), "performer": [about(DOCTOR)]},
    {**observation("F05-p", "8"), "id": "F05-o2", "encounter": about(VISIT), "device": about(METER)},
    {**observation("F05-p", "9"), "id": "F05-o3", "encounter": about("Encounter/F05-other")},
    {**observation("F05-p", "9"), "id": "F05-o4", "performer": [about(MOTHER)]},
    resource(
        "Condition", "F05-c", subject=about("Patient/F05-p"), encounter=about(VISIT), asserter=about(DOCTOR), code={}
    ),
)


def visited(url: str, visit: Any) -> None:
    async def settled(home: House) -> None:
        for one in RECORD:
            answer = await home.ask("PUT", f"/{one['resourceType']}/{one['id']}", one)
            assert answer.status_code == 201, answer.text
        await visit(home)

    in_house(url, settled)


def ids(page: Any, mode: str = "match") -> list[str]:
    return sorted(entry["resource"]["id"] for entry in page.get("entry", []) if entry["search"]["mode"] == mode)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"{VISIT}/Observation", ["F05-o1", "F05-o2"]),
        (f"{VISIT}/Observation?value-quantity=8", ["F05-o2"]),
        (f"{VISIT}/Encounter", ["F05-visit"]),
        (f"{VISIT}/*", ["F05-c", "F05-o1", "F05-o2", "F05-visit"]),
        (f"{VISIT}/*?_type=Condition,Encounter", ["F05-c", "F05-visit"]),
        (f"{DOCTOR}/Observation", ["F05-o1"]),
        (f"{DOCTOR}/Encounter", ["F05-other"]),
        (f"{DOCTOR}/Patient", ["F05-p"]),
        (f"{DOCTOR}/Practitioner", ["F05-doc"]),
        (f"{DOCTOR}/*", ["F05-c", "F05-doc", "F05-o1", "F05-other", "F05-p"]),
        (f"{METER}/Observation", ["F05-o2"]),
        (f"{METER}/*", ["F05-meter", "F05-o2"]),
        (f"{MOTHER}/Observation", ["F05-o4"]),
        (f"{MOTHER}/*", ["F05-mum", "F05-o4"]),
        ("Encounter/F05-none/*", []),
        ("Encounter/F05-none/Observation", []),
    ],
)
def test_a_resource_is_in_a_compartment_if_a_parameter_of_the_definition_names_its_owner(
    database_url: str, path: str, found: list[str]
) -> None:
    async def visit(home: House) -> None:
        assert ids(body(await home.ask("GET", f"/{path}"))) == found

    visited(database_url, visit)


def test_a_compartment_is_searched_page_by_page_with_totals_and_includes(database_url: str) -> None:
    async def visit(home: House) -> None:
        for inner in ("Observation", "*"):
            asked = f"/{VISIT}/{inner}?_count=1&_total=accurate&_type=Observation"
            path = asked if inner == "*" else asked.removesuffix("&_type=Observation")
            seen: list[str] = []
            while path:
                page = body(await home.ask("GET", path))
                assert page["total"] == 2
                links = {link["relation"]: link["url"] for link in page["link"]}
                assert links["self"].startswith(f"{BASE}/{VISIT}/{inner}?")
                seen += ids(page)
                path = links.get("next", "").removeprefix(BASE)
            assert sorted(seen) == ["F05-o1", "F05-o2"]
        page = body(await home.ask("GET", f"/{VISIT}/Observation?_include=Observation:performer"))
        assert ids(page, "include") == ["F05-doc"]
        posted = await home.ask("POST", f"/{VISIT}/*/_search", b"_id=F05-o2", content_type=FORM)
        assert ids(body(posted)) == ["F05-o2"]

    visited(database_url, visit)


def test_everything_of_an_encounter_is_its_compartment_and_what_that_refers_to(database_url: str) -> None:
    """R4 encounter-operation-everything.html."""
    path = f"/{VISIT}/$everything"

    async def visit(home: House) -> None:
        page = body(await home.ask("GET", path))
        assert ids(page) == ["F05-c", "F05-o1", "F05-o2", "F05-visit"]
        assert ids(page, "include") == ["F05-doc", "F05-meter", "F05-p"]
        assert (page["total"], page["link"]) == (4, [{"relation": "self", "url": f"{BASE}{path}"}])
        sent = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Practitioner"}]}
        staff = body(await home.ask("POST", path, sent))
        assert (ids(staff), ids(staff, "include"), "total" in staff) == ([], ["F05-doc"], False)
        some = body(await home.ask("GET", f"{path}?_type=Observation,Device&_type=Patient"))
        assert (ids(some), ids(some, "include")) == (["F05-o1", "F05-o2"], ["F05-meter", "F05-p"])
        late = body(await home.ask("GET", f"{path}?_since={page['entry'][0]['resource']['meta']['lastUpdated']}"))
        assert "F05-visit" not in ids(late)
        assert set(ids(late)) < set(ids(page))
        seen, follow = list[str](), f"{path}?_count=3"
        while follow:
            part = body(await home.ask("GET", follow))
            seen += ids(part)
            told = {link["relation"]: link["url"] for link in part["link"]}
            follow = told.get("next", "").removeprefix(BASE)
        assert sorted(seen) == ids(page)

    visited(database_url, visit)


def test_everything_of_an_encounter_that_may_not_be_seen_is_absent(database_url: str) -> None:
    async def visit(home: House) -> None:
        hidden = await home.ask("GET", f"/{VISIT}/$everything", who="hospital")
        absent = await home.ask("GET", "/Encounter/F05-none/$everything", who="hospital")
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        for query, status in (("start=2026", 400), ("_since=x", 400), ("_type=Shoe", 400), ("_count=0", 400)):
            assert (await home.ask("GET", f"/{VISIT}/$everything?{query}")).status_code == status, query
        await home.ask("DELETE", f"/{VISIT}")
        assert (await home.ask("GET", f"/{VISIT}/$everything")).status_code == 410

    visited(database_url, visit)


def test_what_no_compartment_holds_is_absent_or_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        for path, status in (
            (f"{VISIT}/Organization", 404),
            (f"{VISIT}/Patient", 404),
            ("Observation/F05-o1/Encounter", 404),
            (f"{VISIT}/*?_type=Organization", 400),
            (f"{VISIT}/Observation?nonsense=1", 400),
        ):
            assert (await home.ask("GET", f"/{path}")).status_code == status, path

    visited(database_url, visit)


def test_the_compartments_that_are_announced_are_those_that_are_answered(database_url: str) -> None:
    async def visit(home: House) -> None:
        told = body(await home.ask("GET", "/metadata", who=""))["rest"][0]["compartment"]
        named = {url.removeprefix("http://hl7.org/fhir/CompartmentDefinition/") for url in told}
        assert named == {"device", "encounter", "patient", "practitioner", "relatedPerson"}
        assert {owner.casefold() for owner in OWNERS} == {name.casefold() for name in named}
        for owner in OWNERS:
            assert (await home.ask("GET", f"/{owner}/x/*")).status_code == 200
            for rtype in compartment_types(owner):
                answer = await home.ask("GET", f"/{owner}/x/{rtype}")
                assert answer.status_code == 200, (owner, rtype)

    in_house(database_url, visit, validate=validate)
