"""Content negotiation (R4 http.html#mime-type, #parameters, #return, #handling; RFC 9110 12.5.1): JSON and XML in
whatever way a client names them, nothing else pretended."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from hub.api.negotiation import (
    JSON,
    JSON_TYPES,
    XML,
    XML_TYPES,
    Preference,
    check_content_type,
    media_type,
    preference,
    wanted_format,
)
from hub.fhir.xml import read_xml, write_xml
from hub.kernel.errors import HubError
from tests.api.house import BASE, House, body, in_house, observation, patient

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
XML_BODY = "application/fhir+xml"


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        *((media, "json") for media in JSON_TYPES),
        *((media, "xml") for media in XML_TYPES),
        ("", "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("text/*", "json"),
        ("application/fhir+xml, application/fhir+json;q=0.5", "xml"),
        ("application/fhir+xml;q=0.5, application/fhir+json;q=0.9", "json"),
        ("application/fhir+xml;q=0.5, */*", "json"),
        ("*/*;q=0.1, application/fhir+xml", "xml"),
        ("application/fhir+json;q=0, application/json;q=0, */*;q=0.5, text/*;q=0", "json"),
        ("application/fhir+xml, application/fhir+json", "xml"),
        ("application/fhir+json, application/fhir+xml", "json"),
        ("application/fhir+json;fhirVersion=3.0, application/fhir+xml;fhirVersion=4.0", "xml"),
        ("Application/FHIR+XML; Charset=UTF-8", "xml"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "json"),
        (BROWSER, "xml"),
        ("application/fhir+xml;q=nonsense", "xml"),
    ],
)
def test_the_best_of_what_a_client_takes_is_given(accept: str, name: str) -> None:
    assert wanted_format(accept).name == name


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/turtle",
        "application/fhir+json;q=0",
        "*/*;q=0.0",
        "application/fhir+json;fhirVersion=3.0",
        "application/fhir+json;fhirVersion=4.01",
        "application/fhir+xml;charset=gbk",
    ],
)
def test_a_client_that_takes_neither_is_refused_with_406(accept: str) -> None:
    with pytest.raises(HubError) as caught:
        wanted_format(accept)
    assert caught.value.code == "not-acceptable"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/fhir+json; charset=utf-8"),
        ("*/*", "application/fhir+json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        ("text/xml", "text/xml; charset=utf-8"),
        ("application/fhir+xml; fhirVersion=4.0", "application/fhir+xml; fhirVersion=4.0; charset=utf-8"),
    ],
)
def test_the_answer_has_the_media_type_that_was_asked_for(accept: str, content_type: str) -> None:
    assert wanted_format(accept).content_type == content_type


@pytest.mark.parametrize("wanted", ["json", "application/fhir json", "application/fhir+json", "text/json", "JSON"])
def test_format_wins_over_accept(wanted: str) -> None:
    assert wanted_format("application/fhir+xml", [wanted]) == JSON


@pytest.mark.parametrize("wanted", ["xml", "text/xml", "application/xml", "application/fhir+xml;fhirVersion=4.0"])
def test_every_name_of_r4_for_xml_means_xml(wanted: str) -> None:
    assert wanted_format("application/fhir+json", [wanted, "xml"]) == XML


@pytest.mark.parametrize(
    "wanted", [["html"], ["ttl"], ["text/turtle"], [""], ["json", "xml"], ["application/fhir+json;fhirVersion=3.0"]]
)
def test_another_format_is_refused_even_when_accept_takes_json(wanted: list[str]) -> None:
    with pytest.raises(HubError):
        wanted_format("application/fhir+json", wanted)


@pytest.mark.parametrize(
    ("charsets", "taken"),
    [
        ("utf-8", True),
        ("UTF-8;q=0.5, gbk", True),
        ("*", True),
        ("gbk, *;q=0.1", True),
        ("gbk", False),
        ("utf-8;q=0", False),
        ("utf-8;q=0, *", False),
    ],
)
def test_only_a_client_that_takes_utf8_is_served(charsets: str, taken: bool) -> None:
    if taken:
        assert wanted_format("", (), charsets) == JSON
        return
    with pytest.raises(HubError) as caught:
        wanted_format("", (), charsets)
    assert caught.value.code == "not-acceptable"


@pytest.mark.parametrize("content_type", [*JSON_TYPES, "application/fhir+json; fhirVersion=4.0; charset=UTF-8"])
def test_a_body_of_json_is_taken(content_type: str) -> None:
    check_content_type(content_type)


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/fhir+xml", "application/x-www-form-urlencoded", "application/json; charset=gbk"],
)
def test_where_only_json_is_taken_another_body_is_refused_with_415(content_type: str) -> None:
    with pytest.raises(HubError) as caught:
        check_content_type(content_type)
    assert caught.value.code == "media-type"


@pytest.mark.parametrize("content_type", ["application/fhir+xml; charset=gbk", "text/xml; fhirVersion=3.0"])
def test_a_body_of_another_encoding_or_version_is_refused_with_415(content_type: str) -> None:
    with pytest.raises(HubError) as caught:
        media_type(content_type)
    assert caught.value.code == "media-type"


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("", Preference()),
        ("return=minimal", Preference("minimal")),
        ("return=representation; handling=lenient", Preference("representation", lenient=True)),
        ("handling=lenient, return=OperationOutcome", Preference("OperationOutcome", lenient=True)),
        ('respond-async, return="minimal"', Preference("minimal", later=True)),
        ("handling=strict, return=nonsense", Preference()),
    ],
)
def test_preferences_are_read_and_unknown_ones_ignored(header: str, meaning: Preference) -> None:
    assert preference(header) == meaning


def test_a_resource_lives_its_life_in_xml(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.ask("POST", "/Patient", write_xml(patient()), content_type=XML_BODY, accept=XML_BODY)
        assert (made.status_code, made.headers["content-type"]) == (201, "application/fhir+xml; charset=utf-8")
        resource = read_xml(made.content)
        path = f"/Patient/{resource['id']}"
        assert made.headers["location"] == f"{BASE}{path}/_history/1"
        assert body(await home.ask("GET", path)) == resource
        assert read_xml((await home.ask("GET", f"{path}?_format=xml")).content) == resource
        changed = write_xml({**resource, "gender": "other"})
        put = await home.ask("PUT", path, changed, content_type="text/xml", prefer="return=minimal", accept="text/xml")
        assert (put.status_code, put.content) == (200, b"")
        history = read_xml((await home.ask("GET", f"{path}/_history", accept="application/xml")).content)
        assert [entry["resource"]["gender"] for entry in history["entry"]] == ["other", "female"]
        assert read_xml((await home.ask("GET", f"{path}/_history/1", accept=XML_BODY)).content) == resource

    in_house(database_url, visit)


def test_a_search_keeps_its_format_from_page_to_page(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        for value in ("1.10", "2.20", "3.30"):
            await home.create(observation(made["id"], value))
        path, values = "/Observation?_count=1&_sort=_lastUpdated&_format=xml&_pretty=true", []
        while path:
            answer = await home.ask("GET", path)
            values += etree.fromstring(answer.content).xpath("//*[local-name()='valueQuantity']/*[1]/@value")
            links = {link["relation"]: link["url"] for link in read_xml(answer.content)["link"]}
            assert "_format=xml" in links["self"]
            assert answer.content.count(b"\n") > 20
            path = links.get("next", "").removeprefix(BASE)
        assert values == ["1.10", "2.20", "3.30"]

    in_house(database_url, visit)


def test_a_form_may_name_the_format_too(database_url: str) -> None:
    async def visit(home: House) -> None:
        form = "application/x-www-form-urlencoded"
        answer = await home.ask("POST", "/Patient/_search", b"gender=female&_format=xml", content_type=form)
        assert read_xml(answer.content)["type"] == "searchset"

    in_house(database_url, visit)


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_bundles_come_and_go_in_xml(database_url: str, kind: str) -> None:
    async def visit(home: House) -> None:
        entry = {"resource": patient(), "request": {"method": "POST", "url": "Patient"}}
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        answer = await home.ask("POST", "", write_xml(bundle), content_type=XML_BODY, accept=XML_BODY)
        told = read_xml(answer.content)
        assert (told["type"], told["entry"][0]["response"]["status"]) == (f"{kind}-response", "201 Created")

    in_house(database_url, visit)


def test_parameters_come_in_xml(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        parameters = {"resourceType": "Parameters", "parameter": [{"name": "_count", "valueInteger": 1}]}
        path = f"/Patient/{made['id']}/$everything"
        answer = await home.ask("POST", path, write_xml(parameters), content_type=XML_BODY)
        assert len(body(answer)["entry"]) == 1

    in_house(database_url, visit)


def test_refusals_are_told_in_the_format_that_was_asked_for(database_url: str) -> None:
    async def visit(home: House) -> list[Any]:
        return [
            await home.ask("GET", "/Patient/absent", accept=XML_BODY),
            await home.ask("GET", "/Patient?colour=red&_format=xml"),
            await home.ask("GET", "/Nothing", accept=XML_BODY),
            await home.ask("DELETE", "/metadata", accept=XML_BODY),
            await home.ask("GET", "/Patient", who="", accept=XML_BODY),
            await home.ask("POST", "/Patient", b"<Patient", content_type=XML_BODY, accept=XML_BODY),
        ]

    answers = in_house(database_url, visit)
    assert [answer.status_code for answer in answers] == [404, 400, 404, 405, 401, 400]
    for answer in answers:
        assert answer.headers["content-type"] == "application/fhir+xml; charset=utf-8"
        assert read_xml(answer.content)["issue"][0]["severity"] == "error"


def test_what_is_not_spoken_is_refused_in_json(database_url: str) -> None:
    async def visit(home: House) -> None:
        refused = await home.ask("GET", "/metadata", accept="text/turtle")
        assert (refused.status_code, refused.headers["content-type"]) == (406, "application/fhir+json; charset=utf-8")
        for content_type in (
            "text/turtle",
            "application/fhir+xml; charset=gbk",
            "application/fhir+json; fhirVersion=3.0",
        ):
            answer = await home.ask("POST", "/Patient", b"x", content_type=content_type)
            assert answer.status_code == 415
        declared = b"<?xml version='1.0' encoding='GB18030'?><Patient xmlns='http://hl7.org/fhir'/>"
        assert (await home.ask("POST", "/Patient", declared, content_type=XML_BODY)).status_code == 415

    in_house(database_url, visit)


def test_the_capability_statement_comes_in_every_format_and_names_them(database_url: str) -> None:
    async def visit(home: House) -> None:
        told = body(await home.ask("GET", "/metadata", who=""))
        assert told["format"] == ["json", "xml", "application/fhir+json", "application/fhir+xml"]
        for name in told["format"]:
            answer = await home.ask("GET", f"/metadata?_format={name.replace('+', '%2B')}", who="")
            assert (read_xml(answer.content) if "xml" in name else body(answer)) == told
        assert body(await home.ask("GET", "/metadata?_elements=fhirVersion", who=""))["fhirVersion"] == "4.0.1"

    in_house(database_url, visit)


def test_a_body_that_only_json_can_hold_is_refused_in_xml_and_told_in_json(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create({**patient(), "fromElsewhere": {"a": 1}})
        path = f"/Patient/{made['id']}"
        refused = await home.ask("GET", path, accept=XML_BODY)
        assert refused.status_code == 406
        assert b"Patient.fromElsewhere" in refused.content
        assert body(await home.ask("GET", path)) == made

    in_house(database_url, visit)


def test_plain_json_is_neither_parsed_nor_copied(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        for module in ("hub.api.representation", "hub.api.fhir.shape"):
            monkeypatch.setattr(f"{module}.loads", None)
        assert (await home.ask("GET", f"/Patient/{made['id']}")).status_code == 200
        assert (await home.ask("GET", "/Patient")).status_code == 200
        assert (await home.ask("GET", "/Patient?_summary=true")).status_code == 500

    in_house(database_url, visit)
