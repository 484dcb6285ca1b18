"""Bundles from ready bytes."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from hub.api.fhir.bundle import bundle, entry, instant, response
from hub.fhir.json import loads

NOW = datetime(2026, 5, 20, 1, 2, 3, 4_000, tzinfo=UTC)


def test_a_bundle_holds_the_bodies_byte_for_byte() -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":1.50}}'
    made = bundle("searchset", [entry(full_url="http://x/Observation/1", resource=body, search="match")], total=1)
    assert body in made
    assert loads(made)["entry"][0]["search"] == {"mode": "match"}


def test_an_empty_bundle_has_no_entry_element() -> None:
    assert loads(bundle("searchset", [], total=0, links=[("self", "u")], updated=NOW)) == {
        "resourceType": "Bundle",
        "type": "searchset",
        "meta": {"lastUpdated": "2026-05-20T01:02:03.004Z"},
        "total": 0,
        "link": [{"relation": "self", "url": "u"}],
    }


@given(st.text(), st.text(), st.text())
def test_whatever_stands_in_urls_is_escaped(url: str, link: str, status: str) -> None:
    made = loads(bundle("history", [entry(full_url=url or "u", response=response(status))], links=[("self", link)]))
    assert made["entry"][0]["fullUrl"] == (url or "u")
    assert made["link"][0]["url"] == link
    assert made["entry"][0]["response"]["status"] == status


def test_a_response_repeats_what_the_headers_would_have_said() -> None:
    assert response("201 Created", version=2, updated=NOW, location="Patient/a/_history/2") == {
        "status": "201 Created",
        "location": "Patient/a/_history/2",
        "etag": 'W/"2"',
        "lastModified": "2026-05-20T01:02:03.004Z",
    }


def test_an_instant_is_in_utc() -> None:
    assert instant(NOW) == "2026-05-20T01:02:03.004Z"
