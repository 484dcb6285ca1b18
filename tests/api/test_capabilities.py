"""The capability statement tells the truth: it is compared with the routes, and the routes with what they answer."""

from __future__ import annotations

from typing import Any

import pytest

from hub.api.fhir.routes import INTERACTIONS
from hub.api.patch_formats import JSON_PATCH
from hub.fhir.search_parameters import parameters
from hub.fhir.structure import RESOURCE_TYPES
from hub.records.rights import RESERVED
from tests.api.house import BASE, House, body, in_house

WRITES = {"create", "update", "patch", "delete"}
#: Types that are not of the record answer fewer search parameters.
FEWER = {
    "AuditEvent": ("patient", "agent", "date"),
    "SearchParameter": ("_id", "base", "code", "status", "url"),
    "Subscription": ("_id", "status"),
}


@pytest.fixture
def statement(database_url: str) -> Any:
    async def visit(home: House) -> Any:
        return body(await home.ask("GET", "/metadata", who=""))

    return in_house(database_url, visit)


def test_a_slash_behind_its_address_says_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("GET", "/metadata/", who="")).status_code == 200

    in_house(database_url, visit)


def test_it_has_a_tag_and_whoever_has_it_is_told_so(database_url: str) -> None:
    """R4 http.html#capabilities: an ETag should be returned, and shall change if the statement changes."""

    async def visit(home: House) -> None:
        told = await home.ask("GET", "/metadata", who="")
        tag = told.headers["etag"]
        again = await home.ask("GET", "/metadata", who="", if_none_match=f'"x", {tag}')
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert (await home.ask("HEAD", "/metadata", who="")).headers["etag"] == tag
        for query in ("_format=xml", "_elements=status", "mode=terminology"):
            other = await home.ask("GET", f"/metadata?{query}", who="", if_none_match=tag)
            assert (other.status_code, other.headers["etag"] == tag) == (200, False)

    in_house(database_url, visit)


def test_it_says_whose_capabilities_it_has(statement: Any) -> None:
    """Bulk Data Access 2.0, export.html (conformance); Subscriptions R5 Backport 1.1.0, conformance.html."""
    backport = "http://hl7.org/fhir/uv/subscriptions-backport"
    assert {
        "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data",
        f"{backport}/CapabilityStatement/backport-subscription-server-r4",
    } <= set(statement["instantiates"])
    (resource,) = [r for r in statement["rest"][0]["resource"] if r["type"] == "Subscription"]
    assert resource["supportedProfile"] == [f"{backport}/StructureDefinition/backport-subscription"]


def test_every_interaction_of_the_routes_is_announced_and_no_other(statement: Any) -> None:
    rest = statement["rest"][0]
    announced = {i["code"] for r in rest["resource"] for i in r["interaction"]} | {
        i["code"] for i in rest["interaction"]
    }
    announced |= {operation["name"] for r in [*rest["resource"], rest] for operation in r.get("operation", [])}
    assert announced - {"batch"} == {interaction.code for interaction in INTERACTIONS}


def test_every_type_is_announced_with_the_search_parameters_that_are_answered(statement: Any) -> None:
    by_type = {resource["type"]: resource for resource in statement["rest"][0]["resource"]}
    assert by_type.keys() == RESOURCE_TYPES
    for rtype, resource in by_type.items():
        answered = {code: one.type for code, one in parameters(rtype).items() if code != "_query"}
        answered["_list"] = "special"
        if rtype in FEWER:
            answered = {code: answered[code] for code in FEWER[rtype]}
        assert {p["name"]: p["type"] for p in resource["searchParam"]} == answered


def test_what_may_be_included_is_announced(statement: Any) -> None:
    (resource,) = [r for r in statement["rest"][0]["resource"] if r["type"] == "Patient"]
    assert resource["searchInclude"] == ["*", "Patient:general-practitioner", "Patient:link", "Patient:organization"]
    assert {"*", "Observation:subject", "Provenance:target"} <= set(resource["searchRevInclude"])
    assert "Observation:encounter" not in resource["searchRevInclude"]


def test_a_search_over_all_types_announces_the_common_parameters(statement: Any) -> None:
    common = {parameter["name"] for parameter in statement["rest"][0]["searchParam"]}
    assert common == {
        "_id",
        "_lastUpdated",
        "_profile",
        "_security",
        "_source",
        "_tag",
        "_text",
        "_content",
        "_list",
        "_type",
    }


def test_audit_events_are_announced_as_what_they_are_computed_and_without_versions(statement: Any) -> None:
    (resource,) = [r for r in statement["rest"][0]["resource"] if r["type"] == "AuditEvent"]
    assert [interaction["code"] for interaction in resource["interaction"]] == ["read", "search-type"]
    assert (resource["versioning"], resource["readHistory"]) == ("no-version", False)


def test_types_that_are_not_written_here_announce_no_write(statement: Any) -> None:
    for resource in statement["rest"][0]["resource"]:
        codes = {interaction["code"] for interaction in resource["interaction"]}
        # These are no records: they have writes of their own, and no patch.
        apart = WRITES - {"patch"} if resource["type"] in {"SearchParameter", "Subscription"} else set()
        assert codes & WRITES == (apart if resource["type"] in RESERVED else WRITES)


def test_operations_are_announced_with_their_definitions_and_those_that_write_where_updates_are(statement: Any) -> None:
    by_type = {resource["type"]: resource for resource in statement["rest"][0]["resource"]}
    named = {o["name"]: o["definition"] for o in by_type["Patient"]["operation"]}
    of_types = [i for i in INTERACTIONS if "{type}" in i.template and i.only in {"", "Patient"}]
    urls = {i.code: i.operation for i in of_types if i.operation}
    assert named == {name: url if "://" in url else f"{BASE}/{url}" for name, url in urls.items()}
    assert named["everything"] == "http://hl7.org/fhir/OperationDefinition/Patient-everything"
    assert [operation["name"] for operation in by_type["Consent"]["operation"]] == ["meta", "validate"]


def test_scripts_of_other_origins_are_said_to_be_answered_only_where_they_are(statement: Any) -> None:
    assert statement["rest"][0]["security"]["cors"] is False


def test_it_names_the_version_of_fhir_and_of_the_software(statement: Any) -> None:
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["software"] == {"name": "Yilian Hub", "version": "0.0.test"}
    assert (statement["kind"], statement["status"]) == ("instance", "active")
    assert "date" in statement


def test_every_announced_interaction_has_an_answer_of_its_own(database_url: str) -> None:
    async def visit(home: House) -> None:
        for interaction in INTERACTIONS:
            path = interaction.template.format(type="Patient", id="absent", version="1", inner="Flag")
            types = {"form": "application/x-www-form-urlencoded", "patch": JSON_PATCH}
            headers = {"content_type": types[interaction.body]} if interaction.body in types else {}
            contents = {"form": b"", "resource": b"{}", "patch": b"[]"}
            answer = await home.ask(interaction.method, path, contents.get(interaction.body), **headers)
            assert answer.status_code not in (405, 415, 500), (interaction.template, answer.text)
        for method, path in (("PATCH", "/Patient/a/_history"), ("PUT", "/_history"), ("POST", "/metadata")):
            answer = await home.ask(method, path)
            assert answer.status_code == 405
            assert answer.headers["allow"]

    in_house(database_url, visit)
