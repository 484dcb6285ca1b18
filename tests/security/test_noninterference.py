"""What is hidden has no influence: the clinic gets the same answers as if it had never been written.

Attacks 1, 3 to 8, 11 to 17, 22 and 25 of an assessor, each as requests asked in both counties.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from hub.kernel.types import Json
from tests.api.defining import define, definition, reindex, settled
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
    *(f"/Observation?has-member:Observation.code=inner-{who}&_total=accurate" for who in "abz"),
    *(f"/Patient?_has:Observation:patient:has-member:Observation.code=inner-{who}" for who in "ab"),
    "/Observation?has-member:Observation.value-quantity=3",
    "/Observation?has-member:Observation.has-member:Observation.code=20447-9",
    "/Observation?has-member:Observation.code:not=inner-a&_summary=count",
    "/Observation?subject:Patient.name=赵国强",
    "/Patient?_has:Observation:patient:code=20447-9",
    *(f"/Patient?_has:Observation:patient:value-quantity=gt{10**n}" for n in range(7)),
    "/Patient?_has:ServiceRequest:patient:status=active",
    *(f"/?_type=Observation,ServiceRequest&patient=F01-{who}&_total=accurate" for who in "abcdz"),
    "/?_type=Observation,ServiceRequest&subject:Patient.name=赵国强",
    "/?_type=Observation,Condition&code=20447-9&_summary=count",
    "/?_type=Patient,Practitioner&name=赵&_count=1",
    *(f"/Patient/F01-{who}/{kind}?_total=accurate" for who in "abcdz" for kind in ("Observation", "Patient", "Flag")),
    *(
        f"/{owner}/{kind}?_total=accurate"
        for owner in ("Encounter/F01-b-visit", "Practitioner/F01-doc")
        for kind in ("Observation", "Encounter", "*")
    ),
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
    "/Condition?_list=$current-problems&_total=accurate",
    "/Condition?_list=$current-problems,F01-b-list",
    "/Patient?_has:Condition:patient:_list=$current-problems",
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
FORMS: Final = (
    *(f"/Observation/F01-a-panel?_summary={kind}" for kind in ("true", "text", "data")),
    "/Observation/F01-a-panel?_elements=hasMember",
    "/Observation/F01-a-panel/_history?_elements=text,hasMember",
    "/Observation/F01-a-panel/_history/1?_format=xml",
    "/Observation/F01-c-load?_format=xml",
    "/Observation?_include=Observation:has-member&_format=xml&_pretty=true",
    "/Observation?_include=Observation:has-member&_summary=true",
    "/Patient/F01-c/$everything?_summary=data&_format=xml",
    "/Patient/F01-d/$everything?_elements=name&_format=xml",
)
EVERYTHING: Final = (
    "/Patient/F01-a/$everything",
    "/Patient/F01-c/$everything",
    "/Patient/F01-d/$everything",
    "/Patient/F01-z/$everything",
    "/Patient/F01-c/$everything?_since=2020",
    *(f"/Encounter/F01-b-{name}/$everything" for name in ("visit", "ward", "none")),
)
HISTORIES: Final = (
    "/_history",
    "/_history?_since=2026-05-20T00:00:00Z",
    "/_history?_at=2026",
    *(f"/{rtype}/_history" for rtype in ("Patient", "Observation", "ServiceRequest", "Consent", "Organization")),
    "/Observation/_history?_at=2026-05",
    "/Observation/_history?_list=F01-b-list",
    "/Organization/_history?_list=F01-b-list",
    "/_history?_list=F01-b-list",
    "/_history?_list=$current-problems&_count=1",
    "/Observation/F01-c-load/_history?_since=2020",
    "/AuditEvent/_history",
)
METAS: Final = ("Observation/F01-c-load", "Observation/F01-b-hba1c", "Patient/F01-c", "Patient/F01-d")
OPERATIONS: Final = (
    *(f"/{path}{version}/$meta" for path in METAS for version in ("", "/_history/1")),
    "/$meta",
    "/Observation/$meta",
    *(f"/Observation/$lastn?patient=F01-{who}&code=4548-4,20447-9&max=9" for who in "abcdz"),
    "/Observation/$lastn?patient=F01-c&code=20447-9",
    "/Observation/$lastn?patient=F01-a&code=4548-4,20447-9&max=9&_count=1",
    *(f"/Composition/F01-{who}-doc/$document" for who in "acz"),
    "/Composition/$document?id=F01-b-doc",
    "/Patient/$everything",
    "/Patient/$summary",
    *(f"/Patient/F01-{who}/$summary" for who in "acdz"),
)
_RETAGS: Final = ("$meta-add", "$meta-delete")
VERDICTS: Final = tuple(
    f"{path}/$validate"
    for path in (
        "/Patient/F01-a",
        "/Patient/F01-c",
        "/Patient/F01-d",
        "/Patient/F01-z",
        "/Observation/F01-b-hba1c",
        "/Observation/F01-z-hba1c",
        "/Observation/F01-c-load",
    )
)
RECORDS: Final = (
    "/AuditEvent",
    "/AuditEvent?patient=Patient/F01-a",
    "/Consent",
    "/Consent?patient=F01-b",
    "/Provenance",
    "/Provenance?target=Observation/F01-c-load",
    "/List",
    "/Subscription",
    "/Subscription/$status",
    "/Flag?patient=F01-b",
)


#: Over parameters of the installation's own, on what of the hidden matters.
OWN: Final = (
    "/Observation?measured=gt50000",
    "/Observation?measured:missing=true&_total=accurate",
    "/Observation?_sort=-measured",
    "/Observation?about=Patient/F01-b",
    f"/Observation?about:Patient.identifier={MRN}|M-b",
    "/Observation?_include=Observation:about&_summary=count",
    "/Observation?_include=Observation:about",
    "/Patient?_revinclude=Observation:about",
    "/Patient?_has:Observation:about:measured=gt50000",
    "/Patient?_has:Observation:about:code=20447-9",
    "/Patient?known-as=赵",
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


#: What is asked, by kind.
PATHS: Final = {
    "reads": READS,
    "includes": INCLUDES,
    "chains": CHAINS,
    "counts": COUNTS,
    "orders": ORDERS,
    "sets": SETS,
    "labels": LABELS,
    "forms": FORMS,
    "everything": EVERYTHING,
    "histories": HISTORIES,
    "operations": OPERATIONS,
    "records": RECORDS,
    "verdicts": VERDICTS,
}


@pytest.mark.parametrize("paths", PATHS.values(), ids=PATHS)
def test_reading_tells_nothing_of_what_is_hidden(fresh: Any, paths: tuple[str, ...]) -> None:
    async def ask(home: House) -> list[Any]:
        return [(path, await home.ask("GET", path)) for path in paths]

    both(fresh, ask)


def test_parameters_of_ones_own_find_nothing_that_is_hidden(fresh: Any) -> None:
    own = [
        definition("measured", "Observation", "quantity", "Observation.value.as(Quantity)"),
        definition("about", "Observation", "reference", "Observation.subject"),
        definition("known-as", "Patient", "string", "Patient.name.text | Patient.name.family"),
    ]

    async def ask(home: House) -> list[Any]:
        for one in own:
            await define(home, one)
        await reindex(home)
        await settled(home)
        found = [(path, await home.ask("GET", path)) for path in OWN]
        assert {answer.status_code for _, answer in found} == {200}
        return found

    both(fresh, ask)


@pytest.mark.parametrize("first", ["/Observation?_count=1&_sort=date", "/_history?_count=1"])
def test_pages_are_full_and_end_where_they_would_without_the_hidden(fresh: Any, first: str) -> None:
    async def ask(home: House) -> list[Any]:
        found: list[Any] = []
        path = first
        while path:
            answer = await home.ask("GET", path)
            found.append((len(found), answer))
            links = {link["relation"]: link["url"] for link in answer.json()["link"]}
            assert len(answer.json().get("entry", ())) == 1
            path = links.get("next", "").removeprefix("http://hub.test/fhir")
        return found

    both(fresh, ask)


def test_labels_are_added_to_what_the_writer_owns_and_nothing_is_told_of_the_rest(fresh: Any) -> None:
    meta: Json = {"name": "meta", "valueMeta": {"tag": [{"system": "urn:test", "code": "x"}]}}
    given = {"resourceType": "Parameters", "parameter": [meta]}

    async def ask(home: House) -> list[Any]:
        urls = [f"/Observation/F01-{who}-{name}/{do}" for who in "bcdz" for name in ("hba1c", "load") for do in _RETAGS]
        return [(url, await home.ask("POST", url, given)) for url in urls]

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


def test_a_patch_is_no_oracle_of_what_the_patcher_may_not_see(fresh: Any) -> None:
    targets = [*(f"/Patient/F01-{who}" for who in "bdz"), "/Observation/F01-c-load", "/Observation/F01-b-hba1c"]
    targets += [f"/Patient?identifier={MRN}|M-{who}" for who in "bdz"]
    patches: list[tuple[str, Any]] = [
        ("application/json-patch+json", [{"op": "test", "path": "/gender", "value": "male"}]),
        ("application/json-patch+json", [{"op": "test", "path": "/valueQuantity/value", "value": 51000}]),
        ("application/json-patch+json", []),
        ("application/fhir+json", {"resourceType": "Parameters"}),
        ("application/xml-patch+xml", b'<diff><remove sel="Patient/photo"/></diff>'),
    ]

    async def ask(home: House) -> list[Any]:
        found = [
            (f"{content_type} {path}", await home.ask("PATCH", path, document, content_type=content_type))
            for path in targets
            for content_type, document in patches
        ]
        entries = [
            {"request": {"method": "PATCH", "url": path[1:]}, "resource": {"resourceType": "Parameters"}}
            for path in targets
        ]
        found.append(
            ("batch", await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}))
        )
        return found

    both(fresh, ask)


def test_a_patch_finds_nothing_that_its_resource_repeats_of_what_is_hidden(fresh: Any) -> None:
    members = [
        {"reference": "Observation/F01-a-hba1c", "display": "HbA1c"},
        {"reference": "Observation/F01-c-load", "display": "viral load"},
    ]
    mine = {**observation("a", "mine", 1, hasMember=members), "id": "F05-mine"}
    mine["text"] = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">viral load 51000</div>'}
    tests = [
        [{"op": "test", "path": "/hasMember/1/display", "value": "viral load"}],
        [{"op": "test", "path": "/hasMember/1/display", "value": "other"}],
        [{"op": "test", "path": "/hasMember/0/display", "value": "HbA1c"}],
        [{"op": "copy", "from": "/text", "path": "/note"}],
        [{"op": "copy", "from": "/hasMember/1", "path": "/hasMember/-"}],
        [],
        [{"op": "replace", "path": "/status", "value": "amended"}],
    ]

    async def ask(home: House) -> list[Any]:
        assert (await home.ask("PUT", "/Observation/F05-mine", mine)).status_code == 201
        found = []
        for number, operations in enumerate(tests):
            content_type = "application/json-patch+json"
            answer = await home.ask("PATCH", "/Observation/F05-mine", operations, content_type=content_type)
            assert "viral load" not in answer.text, number
            found.append((str(number), answer))
        assert [answer.status_code for _, answer in found] == [422, 422, 200, 422, 200, 200, 200]
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


def test_a_rehearsal_tells_nothing_of_what_is_hidden(fresh: Any) -> None:
    async def ask(home: House) -> list[Any]:
        answers = []
        for path in VERDICTS:
            rtype, rid = path.split("/")[1:3]
            resource = {"resourceType": rtype, "id": rid, "status": "final", "code": {"text": "x"}}
            sent = {**patient("a"), "id": rid} if rtype == "Patient" else resource
            parameters = [{"name": "resource", "resource": sent}, {"name": "mode", "valueCode": "update"}]
            body = {"resourceType": "Parameters", "parameter": parameters}
            answers.append((f"{path} update", await home.ask("POST", path, body)))
            answers.append((f"{path} delete", await home.ask("POST", f"{path}?mode=delete")))
        return answers

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
