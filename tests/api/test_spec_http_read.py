"""What R4 says of read, vread, conditional read and of requests in general, each statement a test.

https://hl7.org/fhir/R4/http.html#read, #vread, #cread, #mime-type, #parameters, #capabilities, #head
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from hub.fhir.validate import validate
from tests.api.house import BASE, House, body, code, in_house, patient

#: One resource of the clinic, with two versions.
PATH = "/Patient/F05-p"


def visited(url: str, visit: Any) -> None:
    async def settled(home: House) -> None:
        for gender in ("female", "other"):
            answer = await home.ask("PUT", PATH, patient(id="F05-p", gender=gender))
            assert answer.status_code in (200, 201)
        await visit(home)

    in_house(url, settled, validate=validate)


def test_read_the_returned_resource_has_an_id_with_the_value_of_the_url(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", PATH)
        assert (answer.status_code, body(answer)["id"]) == (200, "F05-p")

    visited(database_url, visit)


def test_read_servers_return_an_etag_with_the_version_id_and_last_modified(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", PATH)
        assert answer.headers["etag"] == f'W/"{body(answer)["meta"]["versionId"]}"' == 'W/"2"'
        modified = parsedate_to_datetime(answer.headers["last-modified"])
        assert body(answer)["meta"]["lastUpdated"].startswith(modified.strftime("%Y-%m-%dT%H:%M:%S"))

    visited(database_url, visit)


def test_read_of_a_deleted_resource_is_410_and_of_an_unknown_one_404(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("DELETE", PATH)
        assert (await home.ask("GET", PATH)).status_code == 410
        assert (await home.ask("GET", "/Patient/F05-never")).status_code == 404
        # The hub's own rule: gone is only for who could have read it; to others it looks absent.
        assert (await home.ask("GET", PATH, who="hospital")).status_code == 404

    visited(database_url, visit)


def test_read_of_a_type_that_is_none_is_404(database_url: str) -> None:
    async def visit(home: House) -> None:
        for path in ("/Pupil/1", "/patient/F05-p", "/Patient/F05-p/name"):
            assert (await home.ask("GET", path)).status_code == 404

    visited(database_url, visit)


def test_vread_returns_id_and_version_id_of_the_url_and_its_etag(database_url: str) -> None:
    async def visit(home: House) -> None:
        for version, gender in (("1", "female"), ("2", "other")):
            answer = await home.ask("GET", f"{PATH}/_history/{version}")
            seen = body(answer)
            assert (seen["id"], seen["meta"]["versionId"], seen["gender"]) == ("F05-p", version, gender)
            assert answer.headers["etag"] == f'W/"{version}"'
            assert "last-modified" in answer.headers

    visited(database_url, visit)


def test_vread_of_the_version_that_deleted_it_is_410(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("DELETE", PATH)
        assert (await home.ask("GET", f"{PATH}/_history/3")).status_code == 410
        assert (await home.ask("GET", f"{PATH}/_history/2")).status_code == 200
        assert (await home.ask("GET", f"{PATH}/_history/4")).status_code == 404

    visited(database_url, visit)


def test_conditional_read_if_none_match_of_the_current_version_is_304_without_a_body(database_url: str) -> None:
    async def visit(home: House) -> None:
        for tag in ('W/"2"', '"2"', 'W/"1", W/"2"', "*"):
            answer = await home.ask("GET", PATH, if_none_match=tag)
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", 'W/"2"')
        assert (await home.ask("GET", PATH, if_none_match='W/"1"')).status_code == 200

    visited(database_url, visit)


def test_conditional_read_if_modified_since_is_304_when_it_was_not(database_url: str) -> None:
    async def visit(home: House) -> None:
        modified = (await home.ask("GET", PATH)).headers["last-modified"]
        assert (await home.ask("GET", PATH, if_modified_since=modified)).status_code == 304
        before = "Mon, 18 May 2026 00:00:00 GMT"
        assert (await home.ask("GET", PATH, if_modified_since=before)).status_code == 200
        both = await home.ask("GET", PATH, if_modified_since=modified, if_none_match='W/"1"')
        assert both.status_code == 200  # RFC 9110 13.2.2: If-None-Match alone counts

    visited(database_url, visit)


def test_format_overrides_the_accept_header(database_url: str) -> None:
    async def visit(home: House) -> None:
        for name in ("json", "application/json", "application/fhir%2Bjson"):
            answer = await home.ask("GET", f"{PATH}?_format={name}", accept="text/html")
            assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
        assert (await home.ask("GET", f"{PATH}?_format=ttl", accept="application/fhir+json")).status_code == 406

    visited(database_url, visit)


def test_format_does_not_override_the_content_type(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("PUT", f"{PATH}?_format=json", b"id: F05-p", content_type="text/yaml")
        assert (answer.status_code, code(answer)) == (415, "media-type")

    visited(database_url, visit)


def test_a_generic_mime_type_is_answered_and_utf_8_is_always_said(database_url: str) -> None:
    async def visit(home: House) -> None:
        for accept in ("application/json", "text/json", "*/*", "application/fhir+json;fhirVersion=4.0"):
            answer = await home.ask("GET", PATH, accept=accept)
            assert answer.status_code == 200
            assert answer.headers["content-type"].endswith("; charset=utf-8")
            assert "沈" in answer.content.decode()
        assert (await home.ask("GET", PATH, accept="application/fhir+json;fhirVersion=3.0")).status_code == 406

    visited(database_url, visit)


def test_methods_that_are_not_there_are_405_and_say_what_is_allowed_as_options_does(database_url: str) -> None:
    async def visit(home: House) -> None:
        for method, status in (("OPTIONS", 204), ("TRACE", 405)):
            answer = await home.ask(method, PATH)
            assert answer.status_code == status
            assert set(answer.headers["allow"].split(", ")) >= {"GET", "PUT", "DELETE"}

    visited(database_url, visit)


def test_no_header_makes_one_method_another(database_url: str) -> None:
    async def visit(home: House) -> None:
        for name in ("x-http-method-override", "x-http-method", "x-method-override"):
            assert (await home.ask("GET", PATH, **{name: "DELETE"})).status_code == 200
            assert (await home.ask("POST", "/Patient/_search?_method=DELETE", b"", **{name: "DELETE"})).status_code in (
                400,
                415,
            )
        assert (await home.ask("GET", PATH)).status_code == 200

    visited(database_url, visit)


def test_capabilities_are_a_capability_statement_at_metadata(database_url: str) -> None:
    async def visit(home: House) -> None:
        for query in ("", "?mode=full", "?mode=normative", "?_format=json"):
            answer = await home.ask("GET", f"/metadata{query}", who="")
            assert (answer.status_code, body(answer)["resourceType"]) == (200, "CapabilityStatement")
        assert body(answer)["implementation"]["url"] == BASE
        assert not [issue for issue in validate(body(answer)) if issue.severity == "error"]
        assert (await home.ask("POST", "/metadata", {})).status_code == 405

    visited(database_url, visit)


@pytest.mark.parametrize("path", ["", "/_history/1", "/_history"])
def test_a_parameter_nobody_knows_is_refused_by_name_unless_handling_is_lenient(database_url: str, path: str) -> None:
    async def visit(home: House) -> None:
        strict = await home.ask("GET", f"{PATH}{path}?shoe-size=44")
        assert (strict.status_code, code(strict)) == (400, "unknown-parameter")
        assert "shoe-size" in strict.text
        assert "44" not in strict.text
        assert (await home.ask("GET", f"{PATH}{path}?shoe-size=44", prefer="handling=lenient")).status_code == 200

    visited(database_url, visit)
