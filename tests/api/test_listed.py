"""Searches of what is kept apart from the record: R4 search.html#count, #total, #summary, #elements."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.defining import define, definition
from tests.api.house import BASE, House, body, code, in_house

CODES = ("nickname", "schoolname", "stagename")


def visited(url: str, visit: Any) -> None:
    async def settled(home: House) -> None:
        made = [await define(home, definition(name, "Patient", "string", "Patient.name.given")) for name in CODES]
        await visit(home, sorted(one["id"] for one in made))

    in_house(url, settled)


def links(page: Any) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in page["link"]}


def ids(page: Any) -> list[str]:
    return [entry["resource"]["id"] for entry in page.get("entry", [])]


def test_they_are_given_page_by_page_and_the_total_counts_all(database_url: str) -> None:
    async def visit(home: House, made: list[str]) -> None:
        first = body(await home.ask("GET", "/SearchParameter?base=Patient&_count=2&_total=accurate"))
        assert (ids(first), first["total"]) == (made[:2], 3)
        assert links(first)["self"] == f"{BASE}/SearchParameter?base=Patient&_count=2&_total=accurate"
        second = body(await home.ask("GET", links(first)["next"].removeprefix(BASE)))
        assert (ids(second), second["total"], "next" in links(second)) == (made[2:], 3, False)

    visited(database_url, visit)


def test_a_page_as_long_as_what_was_found_is_the_last(database_url: str) -> None:
    async def visit(home: House, made: list[str]) -> None:
        page = body(await home.ask("GET", "/SearchParameter?_count=3"))
        assert (ids(page), "next" in links(page)) == (made, False)

    visited(database_url, visit)


@pytest.mark.parametrize("query", ["_count=0", "_summary=count"])
def test_a_count_is_the_total_alone(database_url: str, query: str) -> None:
    async def visit(home: House, _: list[str]) -> None:
        page = body(await home.ask("GET", f"/SearchParameter?{query}"))
        assert ("entry" in page, page["total"], "next" in links(page)) == (False, 3, False)

    visited(database_url, visit)


def test_their_resources_are_shaped_as_those_of_other_searches(database_url: str) -> None:
    async def visit(home: House, _: list[str]) -> None:
        page = body(await home.ask("GET", "/SearchParameter?code=nickname&_elements=code"))
        (found,) = [entry["resource"] for entry in page["entry"]]
        assert found["meta"]["tag"][0]["code"] == "SUBSETTED"
        assert ("code" in found, "description" in found, "xpath" in found) == (True, True, False)

    visited(database_url, visit)


@pytest.mark.parametrize("rtype", ["SearchParameter", "Subscription"])
def test_what_cannot_be_asked_is_refused_and_what_is_empty_ignored(database_url: str, rtype: str) -> None:
    async def visit(home: House, _: list[str]) -> None:
        assert (await home.ask("GET", f"/{rtype}?_count=5&_id=&status=")).status_code == 200
        for query, told in (("_count=x", "search-value"), ("shoe=4", "unknown-parameter")):
            answer = await home.ask("GET", f"/{rtype}?{query}")
            assert (answer.status_code, code(answer)) == (400, told)

    visited(database_url, visit)
