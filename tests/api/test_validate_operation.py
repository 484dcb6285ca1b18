"""FHIR operation $validate: https://hl7.org/fhir/R4/resource-operation-validate.html"""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest

from hub.fhir.outcome import operation_outcome
from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import House, body, code, in_house, observation, patient

WRONG: Final = patient(gender="F", name=[{"family": "沈", "given": ["桂兰", 5]}])


def issues(answer: httpx.Response, *severities: str) -> list[Json]:
    """The issues of a verdict of these severities (none named: error)."""
    assert answer.status_code == 200, answer.text
    outcome = body(answer)
    assert validate(outcome) == []
    return [issue for issue in outcome["issue"] if issue["severity"] in (severities or ("error",))]


async def rows(home: House, query: str) -> list[tuple[Any, ...]]:
    async with home.database.transaction() as tx:
        return [tuple(row.values()) for row in await tx.fetch(query)]


def parameters(**values: Any) -> Json:
    """The input of the operation."""
    kinds = {"resource": "resource", "mode": "valueCode", "profile": "valueUri"}
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, kinds[name]: value} for name, value in values.items()],
    }


def test_a_right_resource_is_told_to_be_right_and_what_could_be_better(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient/$validate", patient())
        assert issues(answer) == []
        (warning,) = issues(answer, "warning")
        assert warning["diagnostics"].endswith("(dom-6)")
        assert warning["expression"] == ["Patient"]
        told = patient(text={"status": "generated", "div": "<div>x</div>"})
        (well,) = issues(await home.ask("POST", "/Patient/$validate", told), "information")
        assert well["code"] == "informational"

    in_house(database_url, visit)


def test_every_issue_has_its_place_as_expression_and_location(database_url: str) -> None:
    async def visit(home: House) -> None:
        for sent in (WRONG, parameters(resource=WRONG)):
            first, second = issues(await home.ask("POST", "/Patient/$validate", sent))
            assert (first["expression"], first["location"]) == (
                ["Patient.name[0].given[1]"],
                ["/f:Patient/f:name[1]/f:given[2]"],
            )
            assert (second["expression"], second["location"]) == (["Patient.gender"], ["/f:Patient/f:gender"])
            assert second["code"] == "code-invalid"

    in_house(database_url, visit)


@pytest.mark.parametrize("content", [b"{", b'{"a":1,"a":2}', b"[]", b"5", b'"x"', b"{}", b'{"resourceType":"Letter"}'])
def test_a_body_that_is_no_resource_is_judged_too(database_url: str, content: bytes) -> None:
    async def visit(home: House) -> None:
        assert issues(await home.ask("POST", "/Patient/$validate", content))

    in_house(database_url, visit)


def test_a_resource_of_another_type_is_told_so(database_url: str) -> None:
    async def visit(home: House) -> None:
        (issue,) = issues(await home.ask("POST", "/Observation/$validate", patient()))
        assert issue["code"] == "structure"

    in_house(database_url, visit)


def test_nothing_is_stored_by_a_validation(database_url: str) -> None:
    async def visit(home: House) -> None:
        for mode in ("create", "profile", None):
            sent = {"resource": patient()} | ({"mode": mode} if mode else {}) | ({"profile": "urn:p"} if mode else {})
            issues(await home.ask("POST", "/Patient/$validate", parameters(**sent)))
        found = await home.ask("GET", "/Patient?_summary=count")
        assert body(found)["total"] == 0
        assert await rows(home, "SELECT 1 FROM resource") == []

    in_house(database_url, visit)


def test_a_stored_resource_is_judged_as_the_actor_may_read_it(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient(gender="F"))
        for method in ("GET", "POST"):
            (issue,) = issues(await home.ask(method, f"/Patient/{made['id']}/$validate"))
            assert issue["expression"] == ["Patient.gender"]
            assert (await home.ask(method, "/Patient/nobody/$validate")).status_code == 404
            assert (await home.ask(method, f"/Patient/{made['id']}/$validate", who="")).status_code == 401

    in_house(database_url, visit)


def test_a_hidden_resource_and_an_absent_one_are_the_same(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient(), who="hospital")
        absent, hidden = f"/Patient/{'a' * 26}", f"/Patient/{made['id']}"
        for path in ("/$validate", "/$validate?mode=delete"):
            for who in ("stranger", "clinic"):
                answers = [await home.ask("POST", at + path, who=who) for at in (absent, hidden)]
                assert answers[0].status_code == answers[1].status_code
                assert answers[0].content == answers[1].content
        update = [
            await home.ask("POST", f"{at}/$validate", parameters(mode="update", resource=patient(id=at.split("/")[2])))
            for at in (absent, hidden)
        ]
        assert update[0].content == update[1].content
        assert issues(update[0])[0]["code"] == "not-found"

    in_house(database_url, visit)


def test_the_doors_of_an_update_and_a_deletion_are_asked(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        other = await home.create(patient(identifier=[{"system": "urn:test:mrn", "value": "mrn-2"}]))
        value = await home.create(observation(made["id"]))
        at = f"/Observation/{value['id']}/$validate"
        moved = {**value, "subject": {"reference": f"Patient/{other['id']}"}}
        assert issues(await home.ask("POST", at, parameters(mode="update", resource=value))) == []
        (issue,) = issues(await home.ask("POST", at, parameters(mode="update", resource=moved)))
        assert "patient of a resource does not change" in issue["diagnostics"]
        (issue,) = issues(await home.ask("POST", at, parameters(mode="update", resource={**value, "id": "other"})))
        assert "id in the URL" in issue["diagnostics"]
        assert issues(await home.ask("POST", at, parameters(mode="delete"))) == []
        assert issues(await home.ask("POST", at, parameters(mode="delete"), who="auditor"))[0]["code"] == "forbidden"
        assert (await home.ask("GET", f"/Observation/{value['id']}")).headers["etag"] == 'W/"1"'

    in_house(database_url, visit)


def test_the_doors_of_a_create_are_asked(database_url: str) -> None:
    async def visit(home: House) -> None:
        for who, expected in (("clinic", []), ("reader", ["forbidden"])):
            sent = parameters(mode="create", resource=patient())
            found = issues(await home.ask("POST", "/Patient/$validate", sent, who=who))
            assert [issue["code"] for issue in found] == expected
        consent = {"resourceType": "Linkage", "item": [{"type": "source", "resource": {"reference": "Patient/a"}}] * 2}
        (issue,) = issues(await home.ask("POST", "/Linkage/$validate", parameters(mode="create", resource=consent)))
        assert issue["code"] == "forbidden"

    in_house(database_url, visit)


def test_a_rehearsal_is_in_the_trail_and_says_that_it_was_one(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        at = f"/Patient/{made['id']}/$validate?mode=delete"
        await home.ask("POST", at)
        await home.ask("POST", at, who="auditor")
        assert await rows(home, "SELECT interaction, outcome, reason FROM audit ORDER BY number DESC LIMIT 2") == [
            ("operation", "refused", "role"),
            ("operation", "released", "rehearsed"),
        ]

    in_house(database_url, visit)


@pytest.mark.parametrize(
    "sent",
    [
        parameters(mode="create"),
        parameters(mode="patch", resource=patient()),
        parameters(mode="profile", resource=patient()),
        {"resourceType": "Parameters", "parameter": [{"name": "colour", "valueCode": "red"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "mode", "valueBoolean": True}]},
        {"resourceType": "Parameters", "parameter": "x"},
        {"resourceType": "Parameters", "parameter": 5},
        {"resourceType": "Parameters", "parameter": [5]},
        {"resourceType": "Parameters", "parameter": [{"name": ["mode"], "valueCode": "create"}]},
        {"resourceType": "Parameters"},
    ],
)
def test_an_input_nobody_can_read_is_a_bad_request(database_url: str, sent: Json) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("POST", "/Patient/$validate", sent)).status_code == 400

    in_house(database_url, visit)


def test_a_parameter_the_operation_has_not_is_refused_by_name(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient/$validate?colour=red", patient())
        assert (answer.status_code, code(answer)) == (400, "unknown-parameter")
        assert "colour" in answer.text
        assert (await home.ask("GET", "/Patient/$validate")).status_code == 405

    in_house(database_url, visit)


def test_a_profile_that_is_not_loaded_is_told_so(database_url: str) -> None:
    async def visit(home: House) -> None:
        claimed = patient(meta={"profile": ["urn:p"]})
        (warning,) = [
            issue
            for issue in issues(await home.ask("POST", "/Patient/$validate", claimed), "warning")
            if issue["code"] == "not-supported"
        ]
        assert warning["expression"] == ["Patient.meta.profile[0]"]
        (issue,) = issues(await home.ask("POST", "/Patient/$validate?profile=urn:p", patient()))
        assert issue["code"] == "not-supported"

    in_house(database_url, visit)


def test_the_definition_of_a_type_of_r4_is_a_profile_that_is_always_there(database_url: str) -> None:
    """`profile`: "If this is nominated, then the resource is validated against this specific profile"; R4's own
    definitions are what every resource is judged by.
    """
    core = "http://hl7.org/fhir/StructureDefinition/"

    async def visit(home: House) -> None:
        for name in ("Patient", "DomainResource", "Resource", "Patient|4.0.1"):
            claimed = patient(meta={"profile": [core + name]})
            for url, sent in ((f"?profile={core}{name}", patient()), ("", claimed)):
                answer = await home.ask("POST", f"/Patient/$validate{url}", sent)
                assert issues(answer, "error", "warning")[0]["diagnostics"].endswith("(dom-6)")
                assert len(body(answer)["issue"]) == 1
        (issue,) = issues(await home.ask("POST", f"/Patient/$validate?profile={core}Observation", patient()))
        assert (issue["code"], issue["expression"]) == ("structure", ["Patient"])
        assert "Observation" in issue["diagnostics"]
        claimed = patient(meta={"profile": [f"{core}Observation"]})
        (issue,) = issues(await home.ask("POST", "/Patient/$validate", claimed))
        assert issue["expression"] == ["Patient.meta.profile[0]"]
        (issue,) = issues(await home.ask("POST", f"/Patient/$validate?profile={core}Patient|5.0.0", patient()))
        assert issue["code"] == "not-supported"

    in_house(database_url, visit)


def test_no_value_of_the_client_is_repeated(database_url: str) -> None:
    async def visit(home: House) -> None:
        secret = "990122198001011234"
        sent = patient(birthDate=secret, extension=[{"url": f"urn:{secret}", "valueCode": "x"}])
        assert secret not in (await home.ask("POST", "/Patient/$validate", sent)).text
        sent = patient(extension=[{"url": f"urn:{secret}", "valueCode": "x"}], meta={"profile": [f"urn:{secret}"]})
        assert secret not in (await home.ask("POST", "/Patient/$validate", sent)).text

    in_house(database_url, visit)


def test_the_outcome_of_nothing_wrong_is_one_issue() -> None:
    assert len(operation_outcome([])["issue"]) == 1


def test_parameters_are_judged_as_a_resource_where_they_hold_none(database_url: str) -> None:
    async def visit(home: House) -> None:
        sent = {"resourceType": "Parameters", "parameter": [{"name": "x", "valueString": ""}]}
        (issue,) = issues(await home.ask("POST", "/Parameters/$validate", sent))
        assert issue["expression"] == ["Parameters.parameter[0].value.ofType(string)"]
        assert issues(await home.ask("POST", "/Parameters/$validate", {"resourceType": "Parameters", "parameter": 5}))

    in_house(database_url, visit)
