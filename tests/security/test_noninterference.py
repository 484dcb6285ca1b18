"""What is hidden has no influence: the clinic gets the same answers as if it had never been written.

Attacks 1, 3 to 8, 11 to 17, 22 and 25 of an assessor, each as requests asked in both counties.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from hub.kernel.types import Json
from tests.api.house import House, in_house
from tests.security.county import MRN, PEOPLE, observation, patient, settle, told

READS: Final = (
    *(f"/Observation/F01-{who}-hba1c" for who in "abcd"),
    "/Observation/F01-c-load",
    "/Observation/F01-c-load/_history",
    "/Observation/F01-c-load/_history/1",
    "/Observation/F01-b-hba1c/_history",
    "/Observation/F01-b-hba1c/_history/1",
    *(f"/Patient/F01-{who}" for who in "abcd"),
    "/ServiceRequest/F01-b-ref",
    "/Observation/F01-a-panel",
    "/Observation/F01-a-panel/_history",
)
INCLUDES: Final = (
    "/Patient?_revinclude=*",
    "/Patient?_revinclude=Observation:*&_include=*",
    "/Observation?_include=Observation:*&_include:iterate=*",
    "/ServiceRequest?_include=*&_revinclude:iterate=*",
    "/Observation?_include=Observation:has-member",
    "/Observation?_include=Observation:has-member&_include:iterate=Observation:subject",
    "/Observation?_id=F01-a-panel&_include=*",
    "/Patient?_revinclude=Observation:subject",
    "/Patient?_revinclude=Observation:subject&_revinclude:iterate=Observation:has-member",
    "/Observation?_id=F01-a-hba1c&_revinclude=Observation:has-member",
)
CHAINS: Final = (
    *(f"/Observation?patient.identifier={MRN}|M-{who}" for who in "abcdz"),
    "/Observation?has-member.code=20447-9",
    "/Observation?has-member.value-quantity=gt50000",
    "/Observation?subject:Patient.name=赵国强",
    "/Patient?_has:Observation:patient:code=20447-9",
    *(f"/Patient?_has:Observation:patient:value-quantity=gt{10**n}" for n in range(7)),
    "/Patient?_has:ServiceRequest:patient:status=active",
)
COUNTS: Final = (
    "/Observation?_total=accurate",
    "/Observation?_summary=count",
    "/Patient?_total=accurate&_count=0",
    "/Observation?code=20447-9&_summary=count",
    "/?_type=Observation,Patient,ServiceRequest&_total=accurate",
    *(f"/Observation?patient=F01-{who}&_total=accurate" for who in "abcdz"),
)
ORDERS: Final = (
    "/Observation?_sort=code,-value-quantity",
    "/Observation?_sort=-subject,status",
    "/Patient?_sort=identifier",
    "/Patient?_sort=-gender,birthdate",
    "/ServiceRequest?_sort=-performer",
    "/Observation?_sort=date",
    "/Observation?_sort=-date",
    "/Observation?_sort=value-quantity",
    "/Patient?_sort=birthdate",
    "/Patient?_sort=-name",
    "/Observation?_sort=-_lastUpdated",
)
SETS: Final = (
    "/Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender",
    "/Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender",
    "/Patient?_has:Observation:patient:status:in=http://hl7.org/fhir/ValueSet/observation-status",
    "/Observation?code:in=http://nowhere.test/ValueSet/x",
    "/Observation?code:below=http://loinc.org|20447-9",
    "/Encounter?part-of:below=Encounter/F01-b-visit",
    "/Observation?encounter:above=Encounter/F01-b-visit",
    "/Observation?_list=F01-b-list",
    "/Patient?_has:Observation:patient:_list=F01-b-list",
    "/?_list=F01-b-list",
    "/Observation?_id:missing=false",
    "/Observation?_text:missing=true",
    "/Observation?_content:missing=false",
    "/Observation?_explain=true",
    "/Observation?_text=viral",
    "/Observation?_content=51000",
    "/Patient?_has:Observation:patient:_content=viral",
)
LABELS: Final = (
    "/Observation?_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|HIV",
    "/Observation?_security:not=HIV",
    "/Observation?_tag=x",
    "/Patient?_elements=name",
    "/Observation?_profile=x",
)
EVERYTHING: Final = (
    "/Patient/F01-a/$everything",
    "/Patient/F01-c/$everything",
    "/Patient/F01-d/$everything",
    "/Patient/F01-z/$everything",
    "/Patient/F01-c/$everything?_since=2020",
)
RECORDS: Final = (
    "/AuditEvent",
    "/AuditEvent?patient=Patient/F01-a",
    "/Consent",
    "/Consent?patient=F01-b",
    "/Provenance",
    "/Provenance?target=Observation/F01-c-load",
    "/List",
    "/Flag?patient=F01-b",
)


def both(url_of: Any, ask: Any) -> None:
    """Ask in the county with hidden data and in the one without."""
    answers = []
    for hidden in (True, False):

        async def visit(home: House, hidden: bool = hidden) -> Any:
            await settle(home, hidden=hidden)
            return [(name, told(answer)) for name, answer in await ask(home)]

        answers.append(in_house(url_of(), visit))
    for with_hidden, without in zip(*answers, strict=True):
        assert with_hidden == without


@pytest.mark.parametrize(
    "paths",
    [READS, INCLUDES, CHAINS, COUNTS, ORDERS, SETS, LABELS, EVERYTHING, RECORDS],
    ids=["reads", "includes", "chains", "counts", "orders", "sets", "labels", "everything", "records"],
)
def test_reading_tells_nothing_of_what_is_hidden(fresh: Any, paths: tuple[str, ...]) -> None:
    async def ask(home: House) -> list[Any]:
        return [(path, await home.ask("GET", path)) for path in paths]

    both(fresh, ask)


def test_pages_are_full_and_end_where_they_would_without_the_hidden(fresh: Any) -> None:
    async def ask(home: House) -> list[Any]:
        found: list[Any] = []
        path = "/Observation?_count=1&_sort=date"
        while path:
            answer = await home.ask("GET", path)
            found.append((len(found), answer))
            links = {link["relation"]: link["url"] for link in answer.json()["link"]}
            assert len(answer.json().get("entry", ())) == 1
            path = links.get("next", "").removeprefix("http://hub.test/fhir")
        return found

    both(fresh, ask)


def test_conditions_of_writes_are_judged_in_what_the_writer_may_see(fresh: Any) -> None:
    async def ask(home: House) -> list[Any]:
        found = []
        for who in "bdz":
            criterion = f"identifier={MRN}|M-{who}"
            new = {**patient("a"), "id": f"F05-{who}", "identifier": [{"system": "urn:x", "value": who}], "name": []}
            found += [
                (f"delete {who}", await home.ask("DELETE", f"/Patient?{criterion}")),
                (f"put hidden {who}", await home.ask("PUT", f"/Patient/F01-{who}", {**new, "id": f"F01-{who}"})),
                (f"delete hidden {who}", await home.ask("DELETE", f"/Observation/F01-{who}-hba1c")),
                (f"put {who}", await home.ask("PUT", f"/Patient?{criterion}", new)),
            ]
        return found

    both(fresh, ask)


def test_conditional_references_resolve_in_what_the_writer_may_see(fresh: Any) -> None:
    async def ask(home: House) -> list[Any]:
        found = []
        for who in "bdz":
            value = observation("a", "x", 1, subject={"reference": f"Patient?identifier={MRN}|M-{who}"})
            entry = {"resource": {**value, "id": ""}, "request": {"method": "POST", "url": "Observation"}}
            del entry["resource"]["id"]
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
            found.append((who, await home.ask("POST", "", bundle)))
        return found

    both(fresh, ask)


def test_entries_of_a_batch_are_judged_one_by_one(fresh: Any) -> None:
    urls = (*READS, *CHAINS, "/Patient/F01-d/$everything", "/Observation?_total=accurate")
    entries = [{"request": {"method": "GET", "url": url.removeprefix("/")}} for url in urls]

    async def ask(home: House) -> list[Any]:
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        return [("batch", await home.ask("POST", "", bundle))]

    both(fresh, ask)


@pytest.mark.parametrize("who", list(PEOPLE))
def test_a_match_tells_of_nobody_hidden(fresh: Any, who: str) -> None:
    parameters: Json = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": {**patient(who), "id": "probe"}}],
    }

    async def ask(home: House) -> list[Any]:
        answer = await home.ask("POST", "/Patient/$match", parameters)
        assert answer.status_code == 200
        people = [entry["resource"]["link"] for entry in answer.json().get("entry", ())]
        assert bool(people) == (who in "ac")
        return [("candidates", answer)] if not people else []

    both(fresh, ask)
