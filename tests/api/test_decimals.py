"""Decimals come back as they were sent, in whatever form and on whatever way (R4 json.html#primitive)."""

from __future__ import annotations

import re

import httpx

from hub.fhir.json import loads
from tests.api.house import House, observation
from tests.api.test_patch import JSON_PATCH, XML_PATCH, operation, parameters
from tests.bulk.house import Bulk, with_bulk
from tests.fhir.decimals import ODD

FACTOR = "urn:test:factor"
XML = "application/fhir+xml"
_FACTORS = re.compile(rb'"valueDecimal":\s*([^\s,}]+)|<valueDecimal value="([^"]+)"')


def factors(answer: httpx.Response) -> tuple[str, ...]:
    """The decimals of a resource in their order, as they stand in the bytes."""
    assert answer.is_success, answer.text
    return tuple((json or xml).decode() for json, xml in _FACTORS.findall(answer.content))


async def measured(home: House) -> str:
    """A value with every odd decimal; its path."""
    given = [{"url": FACTOR, "valueDecimal": loads(text)} for text in ODD]
    made = await home.create(observation("p1", "0.00000010", extension=given))
    return f"/Observation/{made['id']}"


def test_a_decimal_is_given_as_it_was_sent_whole_or_in_part_in_json_and_in_xml(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        home = bulk.home
        path = await measured(home)
        for query in ("", "?_elements=extension", "?_summary=data", "?_pretty=true", "/_history/1"):
            for form in ("application/fhir+json", XML):
                assert factors(await home.ask("GET", path + query, accept=form)) == ODD, (query, form)
        for query in ("?_elements=extension,value", "?_summary=true", "?"):
            found = await home.ask("GET", f"/Observation{query}")
            assert b'"value":0.00000010' in found.content, query
        (item,) = (await bulk.done("/$export?_type=Observation"))["output"]
        assert factors(await bulk.ask(item["url"].partition("/fhir")[2])) == ODD

    with_bulk(database_url, visit)


def test_a_decimal_sent_as_xml_is_stored_as_it_was_sent(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        home = bulk.home
        as_xml = await home.ask("GET", await measured(home), accept=XML)
        made = await home.ask("POST", "/Observation", as_xml.content, content_type=XML)
        assert factors(made) == ODD

    with_bulk(database_url, visit)


def test_a_change_elsewhere_leaves_decimals_as_they_are_and_brings_its_own(database_url: str) -> None:
    async def visit(bulk: Bulk) -> None:
        home = bulk.home
        path = await measured(home)
        added = [{"op": "add", "path": "/extension/0", "value": {"url": FACTOR, "valueDecimal": loads("0.0000001")}}]
        expected = ("0.0000001", *ODD)
        assert factors(await home.ask("PATCH", path, added, content_type=JSON_PATCH)) == expected
        insert = operation("replace", "Observation.extension[0].value", valueDecimal=loads("1e-9"))
        expected = ("1e-9", *ODD)
        assert factors(await home.ask("PATCH", path, parameters(insert))) == expected
        sel = b"Observation/extension[1]/valueDecimal/@value"
        diff = b'<diff xmlns="http://hl7.org/fhir"><replace sel="%s">0.00000000</replace></diff>' % sel
        expected = ("0.00000000", *ODD)
        assert factors(await home.ask("PATCH", path, diff, content_type=XML_PATCH)) == expected
        tag = {"name": "meta", "valueMeta": {"tag": [{"system": "urn:test:tag", "code": "x"}]}}
        await home.ask("POST", f"{path}/$meta-add", parameters(tag))
        now = await home.ask("GET", path)
        assert (factors(now), now.headers["etag"]) == (expected, 'W/"5"')

    with_bulk(database_url, visit)
