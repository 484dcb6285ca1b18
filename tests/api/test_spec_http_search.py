"""What R4 says of the search interaction and of paging, each statement a test.

https://hl7.org/fhir/R4/http.html#search, #paging, https://hl7.org/fhir/R4/search.html#conformance, #count, #errors
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from hub.fhir.validate import validate
from tests.api.house import BASE, House, body, code, in_house, observation, patient

FORM = "application/x-www-form-urlencoded"


def visited(url: str, visit: Any) -> None:
    async def settled(home: House) -> None:
        for n in range(5):
            await home.ask("PUT", f"/Patient/F05-{n}", patient(id=f"F05-{n}", birthDate=f"195{n}-01-01"))
        await home.create(observation("F05-0"))
        await visit(home)

    in_house(url, settled, validate=validate)


def links(page: Any) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in page["link"]}


def ids(page: Any) -> list[str]:
    return [entry["resource"]["id"] for entry in page.get("entry", []) if entry["search"]["mode"] == "match"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/Patient", "name=沈&_sort=-birthdate&_count=2"),
        ("/Patient", "identifier=urn:test:mrn|mrn-1&_total=accurate"),
        ("/Observation", "subject:Patient.birthdate=1950-01-01&_include=Observation:subject"),
        ("/Patient", "_has:Observation:patient:code=8480-6&_summary=count"),
        ("", "_type=Patient,Observation&_count=3"),
        ("/Patient", ""),
    ],
)
def test_post_has_exactly_the_semantics_of_get(database_url: str, path: str, query: str) -> None:
    async def visit(home: House) -> None:
        got = body(await home.ask("GET", f"{path}?{quote(query, safe='=&:|,')}"))
        sent = quote(query, safe="=&")
        posted = body(await home.ask("POST", f"{path}/_search", sent.encode(), content_type=FORM))
        for page in (got, posted):
            del page["meta"]
        if "next" in links(got):
            assert "next" in links(posted)
            got["link"], posted["link"] = got["link"][:1], posted["link"][:1]
        assert posted == got

    visited(database_url, visit)


def test_parameters_of_a_post_may_stand_in_url_and_body(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "/Patient/_search?birthdate=1951-01-01", b"name=x", content_type=FORM)
        assert ids(body(answer)) == []
        answer = await home.ask("POST", "/Patient/_search?birthdate=1951-01-01", "name=沈".encode(), content_type=FORM)
        assert ids(body(answer)) == ["F05-1"]

    visited(database_url, visit)


def test_the_first_day_there_is_may_be_a_bound(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-old", patient(id="F05-old", birthDate="0001-01-01"))
        for query, found in (
            ("birthdate=ge0001-01-01", 6),
            ("birthdate=0001-01-01", 1),
            ("birthdate=ap0001-01-01", 1),
            ("birthdate=gt0001-01-01&_sort=birthdate", 5),
            ("_lastUpdated=ge0001-01-01T00:00:00", 6),
        ):
            answer = await home.ask("GET", f"/Patient?{query}")
            assert (answer.status_code, len(ids(body(answer)))) == (200, found), query

    visited(database_url, visit)


def test_a_post_may_have_all_its_parameters_in_the_url_and_no_body(database_url: str) -> None:
    async def visit(home: House) -> None:
        for path, found in (
            ("/Patient/_search?birthdate=1951-01-01", ["F05-1"]),
            ("/_search?_type=Patient&_id=F05-2", ["F05-2"]),
        ):
            answer = await home.ask("POST", path)
            assert (answer.status_code, ids(body(answer))) == (200, found)
        assert (await home.ask("POST", "/Patient/_search", b"name=x", content_type="text/plain")).status_code == 415

    visited(database_url, visit)


@pytest.mark.parametrize(
    "empty",
    [
        "name=",
        "name:exact=",
        "_sort=",
        "_has:Observation:patient:code=",
        "_count=",
        "_summary=",
        "_elements=",
        "_total=",
        "_format=",
    ],
)
def test_empty_parameters_are_no_error_and_are_ignored(database_url: str, empty: str) -> None:
    """R4 search.html 3.1.1.3: "empty parameters are not an error - they are just ignored by the server"."""

    async def visit(home: House) -> None:
        page = body(await home.ask("GET", f"/Patient?birthdate=1951-01-01&{empty}"))
        assert ids(page) == ["F05-1"]
        assert links(page)["self"] == f"{BASE}/Patient?birthdate=1951-01-01"
        posted = await home.ask("POST", "/Patient/_search", f"{empty}&birthdate=1951-01-01".encode(), content_type=FORM)
        assert ids(body(posted)) == ["F05-1"]

    visited(database_url, visit)


@pytest.mark.parametrize("query", ["name=,", "name=a,,b", "_type="])
def test_a_value_with_an_empty_part_is_an_error(database_url: str, query: str) -> None:
    async def visit(home: House) -> None:
        path = "" if query == "_type=" else "/Patient"
        assert (await home.ask("GET", f"{path}?{query}")).status_code == 400

    visited(database_url, visit)


def test_it_is_200_with_a_searchset_even_if_nothing_is_found(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", "/Patient?identifier=urn:none|0")
        page = body(answer)
        assert (answer.status_code, page["type"], page["total"], "entry" in page) == (200, "searchset", 0, False)

    visited(database_url, visit)


def test_each_match_has_its_full_url_and_includes_are_marked(database_url: str) -> None:
    async def visit(home: House) -> None:
        page = body(await home.ask("GET", "/Observation?_include=Observation:subject"))
        assert [(e["search"]["mode"], e["resource"]["resourceType"]) for e in page["entry"]] == [
            ("match", "Observation"),
            ("include", "Patient"),
        ]
        for entry in page["entry"]:
            assert entry["fullUrl"] == f"{BASE}/{entry['resource']['resourceType']}/{entry['resource']['id']}"
        assert page["total"] == 1  # of the matches alone

    visited(database_url, visit)


def test_the_self_link_holds_the_parameters_that_were_used_and_only_those(database_url: str) -> None:
    async def visit(home: House) -> None:
        asked = [("name", "沈"), ("birthdate", "ge1950"), ("_sort", "-birthdate"), ("_count", "3"), ("_total", "none")]
        query = "&".join(f"{name}={quote(value)}" for name, value in asked)
        page = body(await home.ask("GET", f"/Patient?{query}&shoe=44&_format=json", prefer="handling=lenient"))
        self_ = urlsplit(links(page)["self"])
        assert f"{self_.scheme}://{self_.netloc}{self_.path}" == f"{BASE}/Patient"
        assert parse_qsl(self_.query) == [*asked, ("_format", "json")]
        again = body(await home.ask("GET", links(page)["self"].removeprefix(BASE)))
        assert ids(again) == ids(page)

    visited(database_url, visit)


def test_unknown_parameters_are_an_error_when_handling_is_strict_and_told_of_when_lenient(database_url: str) -> None:
    async def visit(home: House) -> None:
        for prefer in ("", "handling=strict"):
            refused = await home.ask("GET", "/Patient?shoe=44", prefer=prefer)
            assert (refused.status_code, code(refused)) == (400, "unknown-parameter")
        page = body(await home.ask("GET", "/Patient?shoe=44&name=沈", prefer="handling=lenient"))
        assert len(ids(page)) == 5
        (told,) = [e["resource"] for e in page["entry"] if e["search"]["mode"] == "outcome"]
        assert (told["resourceType"], told["issue"][0]["severity"]) == ("OperationOutcome", "warning")
        assert page["total"] == 5

    visited(database_url, visit)


def test_a_value_that_cannot_be_read_is_400_even_when_lenient(database_url: str) -> None:
    async def visit(home: House) -> None:
        for query in ("birthdate=yesterday", "_count=x", "_lastUpdated=gt", "_total=all"):
            for prefer in ("", "handling=lenient"):
                refused = await home.ask("GET", f"/Patient?{query}", prefer=prefer)
                assert refused.status_code == 400, query
                assert "yesterday" not in refused.text

    visited(database_url, visit)


def test_count_is_the_most_a_page_holds_and_zero_is_the_count_alone(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert len(ids(body(await home.ask("GET", "/Patient?_count=2")))) == 2
        assert len(ids(body(await home.ask("GET", "/Patient?_count=999999999")))) == 5
        zero, summary = [body(await home.ask("GET", f"/Patient?{q}")) for q in ("_count=0", "_summary=count")]
        assert (zero["total"], "entry" in zero) == (summary["total"], False) == (5, False)
        for refused in ("-1", "1.5", "1e3", "+2", "٣"):
            assert (await home.ask("GET", f"/Patient?_count={quote(refused)}")).status_code == 400, refused

    visited(database_url, visit)


def test_pages_follow_the_links_of_the_server_and_hold_every_match_once(database_url: str) -> None:
    async def visit(home: House) -> None:
        for sort in ("", "&_sort=birthdate", "&_sort=-_lastUpdated", "&_sort=_id", "&_sort=family,-birthdate"):
            url, found = f"/Patient?_count=2{sort}", []
            while url:
                page = body(await home.ask("GET", url))
                found += ids(page)
                assert "self" in links(page)
                url = links(page).get("next", "").removeprefix(BASE)
            assert sorted(found) == [f"F05-{n}" for n in range(5)], sort

    visited(database_url, visit)


def test_sort_orders_all_pages_and_minus_turns_it_round(database_url: str) -> None:
    async def visit(home: House) -> None:
        up, down = [ids(body(await home.ask("GET", f"/Patient?_sort={s}birthdate"))) for s in ("", "-")]
        assert up == [f"F05-{n}" for n in range(5)] == down[::-1]

    visited(database_url, visit)


@pytest.mark.parametrize("path", ["/Subscription", "/SearchParameter", "/Subscription/$status", "/Patient"])
def test_what_was_used_is_told_whatever_the_type(database_url: str, path: str) -> None:
    """R4 search.html#conformance: "the server SHALL return the parameters that were actually used"."""

    async def visit(home: House) -> None:
        parameter = "identifier=x" if path == "/Patient" else "status=active"
        answer = await home.ask("GET", f"{path}?{parameter}&shoe=9", prefer="handling=lenient")
        page = body(answer)
        assert (page["total"], links(page)["self"]) == (0, f"{BASE}{path}?{parameter}")
        (told,) = page["entry"]
        assert told["search"]["mode"] == "outcome"
        assert told["resource"]["issue"][0]["diagnostics"].endswith("shoe")
        page = body(await home.ask("GET", f"{path}?{parameter}&_format=json"))
        assert ("entry" in page, links(page)["self"]) == (False, f"{BASE}{path}?{parameter}&_format=json")

    visited(database_url, visit)


def test_a_comma_is_or_and_a_repeated_parameter_is_and(database_url: str) -> None:
    async def visit(home: House) -> None:
        either = body(await home.ask("GET", "/Patient?birthdate=1950-01-01,1953-01-01&_sort=_id"))
        both = body(await home.ask("GET", "/Patient?birthdate=gt1950-12-31&birthdate=lt1953&_sort=_id"))
        assert (ids(either), ids(both)) == (["F05-0", "F05-3"], ["F05-1", "F05-2"])

    visited(database_url, visit)


def test_the_compartment_of_a_patient_is_a_context_of_searches(database_url: str) -> None:
    """R4 search.html 3.1.1.3 and compartmentdefinition-patient.html."""

    async def visit(home: House) -> None:
        own = await home.create(observation("F05-0", "7", effectiveDateTime="2026-05-20"))
        asserted = {"subject": {"reference": "Patient/F05-1"}, "performer": [{"reference": "Patient/F05-0"}]}
        told = await home.create(observation("F05-1", "9", **asserted))
        await home.create(observation("F05-1", "8"))
        page = body(await home.ask("GET", "/Patient/F05-0/Observation?_count=2&_sort=_id&_total=accurate"))
        assert page["total"] == 3
        assert links(page)["self"] == f"{BASE}/Patient/F05-0/Observation?_count=2&_sort=_id&_total=accurate"
        following = body(await home.ask("GET", links(page)["next"].removeprefix(BASE)))
        assert {own["id"], told["id"]} < {*ids(page), *ids(following)}
        assert ids(body(await home.ask("GET", "/Patient/F05-0/Observation?date=2026-05-20"))) == [own["id"]]
        assert ids(body(await home.ask("GET", "/Patient/F05-0/Patient"))) == ["F05-0"]
        for inner in ("Observation", "*"):
            path = f"/Patient/F05-0/{inner}"
            page = body(await home.ask("POST", f"{path}/_search", f"_id={own['id']}".encode(), content_type=FORM))
            assert (ids(page), links(page)["self"]) == ([own["id"]], f"{BASE}{path}?_id={own['id']}")
        for path, status in (("Organization", 404), ("Nonsense", 404), ("Flag", 200), ("Flag?nonsense=1", 400)):
            assert (await home.ask("GET", f"/Patient/F05-0/{path}")).status_code == status, path
        assert (await home.ask("GET", "/Observation/F05-0/Observation")).status_code == 404

    visited(database_url, visit)


def test_the_compartment_of_a_patient_is_searched_over_all_its_types(database_url: str) -> None:
    """R4 http.html#search: `[base]/[Compartment]/[id]/*`."""

    async def visit(home: House) -> None:
        own = await home.create(observation("F05-0", "7"))
        asserted = {"subject": {"reference": "Patient/F05-1"}, "performer": [{"reference": "Patient/F05-0"}]}
        told = await home.create(observation("F05-1", "9", **asserted))
        await home.create(observation("F05-1", "8"))
        first, *_ = ids(body(await home.ask("GET", "/Observation?subject=F05-0&_sort=_lastUpdated")))
        within = {"F05-0", first, own["id"], told["id"]}
        page = body(await home.ask("GET", "/Patient/F05-0/*?_count=2&_total=accurate"))
        assert page["total"] == 4
        assert links(page)["self"] == f"{BASE}/Patient/F05-0/*?_count=2&_total=accurate"
        following = body(await home.ask("GET", links(page)["next"].removeprefix(BASE)))
        assert {*ids(page), *ids(following)} == within
        assert ids(body(await home.ask("GET", f"/Patient/F05-0/*?_id={own['id']}"))) == [own["id"]]
        assert ids(body(await home.ask("GET", "/Patient/F05-0/*?_type=Patient,Flag"))) == ["F05-0"]
        assert ids(body(await home.ask("GET", "/Patient/nobody/*"))) == []
        several = f"/?_type=Consent,Observation&patient=F05-0&_id={own['id']}"
        assert ids(body(await home.ask("GET", several))) == [own["id"]]
        for path, status in (("/Patient/F05-0/*?_type=Organization", 400), ("/Patient/F05-0/*?nonsense=1", 400)):
            assert (await home.ask("GET", path)).status_code == status, path
        for path in ("/*", "/Patient/*", "/Observation/F05-0/*", "/*/F05-0/Observation"):
            assert (await home.ask("GET", path)).status_code == 404, path

    visited(database_url, visit)
