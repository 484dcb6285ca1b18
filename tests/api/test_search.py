"""Search by GET and POST: pages, links, totals, lenience (R4 http.html#search, search.html)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.api.house import BASE, House, body, code, in_house, observation, patient

FORM = {"content_type": "application/x-www-form-urlencoded"}


def link(page: Any, relation: str) -> str | None:
    return next((entry["url"] for entry in page["link"] if entry["relation"] == relation), None)


async def all_pages(home: House, path: str, **headers: str) -> list[Any]:
    """Pages from the first to the last, following `next` as a client does."""
    pages = []
    at: str | None = path
    while at is not None:
        page = body(await home.ask("GET", at, **headers))
        pages.append(page)
        following = link(page, "next")
        at = None if following is None else following.removeprefix(BASE)
    return pages


def ids(page: Any, mode: str = "match") -> list[str]:
    return [e["resource"]["id"] for e in page.get("entry", []) if e["search"]["mode"] == mode]


def test_a_search_answers_a_searchset_with_full_urls_and_modes(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        page = body(await home.ask("GET", "/Patient?identifier=urn:test:mrn|mrn-1"))
        assert (page["resourceType"], page["type"], page["total"]) == ("Bundle", "searchset", 1)
        assert page["entry"][0]["fullUrl"] == f"{BASE}/Patient/{made['id']}"
        assert page["entry"][0]["search"] == {"mode": "match"}
        assert page["entry"][0]["resource"] == made

    in_house(database_url, visit)


def test_pages_are_full_and_the_last_has_no_next(database_url: str) -> None:
    async def visit(home: House) -> None:
        for number in range(7):
            await home.create(patient(birthDate=f"195{number}-01-01"))
            await home.create(patient(), who="hospital")
        pages = await all_pages(home, "/Patient?_count=3&_total=accurate")
        assert [len(ids(page)) for page in pages] == [3, 3, 1]
        assert len({rid for page in pages for rid in ids(page)}) == 7
        assert pages[0]["total"] == 7
        exact = await all_pages(home, "/Patient?_count=7")
        assert len(exact) == 1

    in_house(database_url, visit)


def test_a_page_link_of_somebody_else_or_of_another_query_is_no_page(database_url: str) -> None:
    async def visit(home: House) -> None:
        for who in ("clinic", "hospital"):
            for _ in range(3):
                await home.create(patient(), who=who)
        following = link(body(await home.ask("GET", "/Patient?_count=2")), "next")
        assert following is not None
        path = following.removeprefix(BASE)
        assert (await home.ask("GET", path)).status_code == 200
        assert (await home.ask("GET", path, who="hospital")).status_code == 404
        assert (await home.ask("GET", path.replace("_count=2", "_count=1"))).status_code == 404
        assert (await home.ask("GET", path[:-2] + "xx")).status_code == 404

    in_house(database_url, visit)


def test_a_page_is_judged_when_it_is_released(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = [await home.create(patient()) for _ in range(4)]
        following = link(body(await home.ask("GET", "/Patient?_count=2&_sort=_id")), "next")
        assert following is not None
        for resource in made:
            await home.ask("DELETE", f"/Patient/{resource['id']}")
        assert ids(body(await home.ask("GET", following.removeprefix(BASE)))) == []

    in_house(database_url, visit)


def test_the_self_link_says_what_was_used(database_url: str) -> None:
    async def visit(home: House) -> None:
        lenient = {"prefer": "handling=lenient"}
        page = body(await home.ask("GET", "/Patient?name=%E6%B2%88&flavour=x&_count=5&_pretty=true", **lenient))
        address = link(page, "self")
        assert address is not None
        assert parse_qsl(urlsplit(address).query) == [("name", "沈"), ("_count", "5"), ("_pretty", "true")]

    in_house(database_url, visit)


def test_an_unknown_parameter_is_refused_by_name_without_its_value(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", "/Patient?flavour=%E6%B2%88%E6%A1%82%E5%85%B0")
        assert (answer.status_code, code(answer)) == (400, "unknown-parameter")
        assert "flavour" in answer.text
        assert "沈桂兰" not in answer.text

    in_house(database_url, visit)


def test_a_lenient_search_says_what_it_left_out(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient())
        page = body(await home.ask("GET", "/Patient?flavour=x", prefer="handling=lenient"))
        outcome = page["entry"][-1]
        assert outcome["search"] == {"mode": "outcome"}
        assert "flavour" in outcome["resource"]["issue"][0]["diagnostics"]
        assert len(ids(page)) == 1

    in_house(database_url, visit)


@pytest.mark.parametrize("query", ["birthdate=yesterday", "_count=many", "_lastUpdated=zz2020", "name:nonsense=zz"])
def test_an_unreadable_value_is_a_bad_request(database_url: str, query: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/Patient?{query}")
        assert answer.status_code == 400
        assert query.partition("=")[2] not in body(answer)["issue"][0]["diagnostics"]

    in_house(database_url, visit)


@pytest.mark.parametrize("query", ["name=%FF", "name=a%00b", "&".join(f"a{n}=1" for n in range(1001))])
def test_a_query_that_cannot_be_decoded_is_a_bad_request(database_url: str, query: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("GET", f"/Patient?{query}")).status_code == 400

    in_house(database_url, visit)


def test_a_search_by_post_is_the_same_search(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        await home.create(patient(identifier=[]))
        posted = await home.ask("POST", "/Patient/_search", b"identifier=urn%3Atest%3Amrn%7Cmrn-1", **FORM)
        assert ids(body(posted)) == [made["id"]]
        both = await home.ask("POST", "/Patient/_search?_count=1", b"gender=female", **FORM)
        assert len(ids(body(both))) == 1
        assert (await home.ask("POST", "/Patient/_search", {"name": "x"})).status_code == 415

    in_house(database_url, visit)


def test_includes_are_marked_as_such_and_not_counted(database_url: str) -> None:
    async def visit(home: House) -> None:
        person = await home.create(patient())
        seen = await home.create(observation(person["id"]))
        page = body(await home.ask("GET", "/Observation?_include=Observation:patient&_total=accurate"))
        assert (ids(page), ids(page, "include"), page["total"]) == ([seen["id"]], [person["id"]], 1)
        back = body(await home.ask("GET", f"/Patient?_id={person['id']}&_revinclude=Observation:subject"))
        assert (ids(back), ids(back, "include")) == ([person["id"]], [seen["id"]])

    in_house(database_url, visit)


def test_nothing_of_others_is_included_chained_or_counted(database_url: str) -> None:
    async def visit(home: House) -> None:
        theirs = await home.create(patient(), who="hospital")
        mine = await home.create(observation(theirs["id"]))
        page = body(await home.ask("GET", "/Observation?_include=Observation:patient"))
        assert (ids(page), ids(page, "include")) == ([mine["id"]], [])
        chained = body(await home.ask("GET", "/Observation?patient.identifier=urn:test:mrn|mrn-1&_total=accurate"))
        assert (ids(chained), chained["total"]) == ([], 0)
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 0

    in_house(database_url, visit)


def test_a_count_has_a_total_and_no_entries(database_url: str) -> None:
    async def visit(home: House) -> None:
        for _ in range(3):
            await home.create(patient())
        for asked in ("_summary=count", "_count=0", "_count=0&_total=none"):
            page = body(await home.ask("GET", f"/Patient?{asked}"))
            assert (page["total"], "entry" in page) == (3, False)
            assert [link["relation"] for link in page["link"]] == ["self"]

    in_house(database_url, visit)


def test_a_search_over_all_types_finds_by_what_all_types_have(database_url: str) -> None:
    async def visit(home: House) -> None:
        person = await home.create(patient())
        seen = await home.create(observation(person["id"]))
        page = body(await home.ask("GET", f"?_id={person['id']},{seen['id']}"))
        assert set(ids(page)) == {person["id"], seen["id"]}

    in_house(database_url, visit)


INJECTIONS = [
    "';DROP TABLE resource;--",
    "' OR '1'='1",
    "\\'; SELECT pg_sleep(9);--",
    "%' OR 1=1 --",
    "$1",
    "${jndi:ldap://x}",
    "|",
    "||",
    ",",
    "\\",
    "a|b|c|d",
    "(((((((((((",
    "*" * 500,
    "😀",
    "\u202e",
    "a" * 5000,
    "{}",
    "$$",
    "%25",
    "\n",
]


def test_whatever_stands_in_a_value_is_only_a_value(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient())
        for name in ("name", "identifier", "_id", "birthdate", "general-practitioner", "name:exact", "name:contains"):
            for value in INJECTIONS:
                answer = await home.http.get(
                    f"{BASE}/Patient", params={name: value}, headers={"authorization": "Bearer clinic"}
                )
                assert answer.status_code in (200, 400), (name, value, answer.text)
                assert answer.status_code == 400 or not ids(body(answer)), (name, value)
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 1

    in_house(database_url, visit)
