"""Full text is no way round what is left out as a resource leaves: what is not shown is not found by.

The panel of A is permitted to the clinic, but its narrative and displays tell of results that are not (county.PANEL).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import pytest

from consent.tables import NON_PATIENT_TYPES
from hub.fhir import pointers
from hub.kernel.types import Json
from tests.api.house import House, body, in_house
from tests.security.county import PANEL, settle
from tests.security.test_noninterference import both

#: What the panel's narrative and displays say of hidden results.
TOLD: Final = ("viral", "viral load 51000", "51000", "B's HbA1c")

#: A report of A's that points to what the clinic may see only.
OPEN: Final[Json] = {
    **PANEL,
    "id": "F01-a-open",
    "identifier": [{"system": "urn:test:lab", "value": "a-open"}],
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">糖化<b>血</b>红蛋白 正常</div>'},
    "hasMember": [{"reference": "Observation/F01-a-hba1c", "display": "糖化血红蛋白"}],
}


def _paths() -> list[str]:
    found = []
    for words in (*TOLD, "糖化", "final"):
        for name in ("_text", "_content"):
            found.append(f"/Observation?{name}={quote(words)}&_total=accurate")
            found.append(f"/Patient?_has:Observation:patient:{name}={quote(words)}")
        found.append(f"/Observation?has-member:text={quote(words)}")
    return found


async def _settle_open(home: House) -> None:
    answer = await home.ask("PUT", "/Observation/F01-a-open", OPEN, who="hospital")
    assert answer.status_code == 201, answer.text


def test_searching_texts_tells_nothing_of_what_is_hidden(fresh: Any) -> None:
    async def ask(home: House) -> list[Any]:
        await _settle_open(home)
        return [(path, await home.ask("GET", path)) for path in _paths()]

    both(fresh, ask)


@pytest.mark.parametrize("words", TOLD)
def test_who_is_not_shown_a_text_does_not_find_by_it_and_who_is_shown_it_does(fresh: Any, words: str) -> None:
    async def visit(home: House) -> None:
        await settle(home, hidden=True)
        found = {}
        for who in ("clinic", "hospital"):
            page = body(await home.ask("GET", f"/Observation?_content={quote(words)}", who=who))
            found[who] = {entry["resource"]["id"] for entry in page.get("entry", ())}
        assert "F01-a-panel" not in found["clinic"]
        assert found["hospital"]

    in_house(fresh(), visit)


def test_a_text_that_repeats_nothing_hidden_is_found(fresh: Any) -> None:
    async def visit(home: House) -> None:
        await settle(home, hidden=True)
        await _settle_open(home)
        for query in ("_text=血红蛋白", "_content=糖化血红蛋白", "_content=血红 final"):
            page = body(await home.ask("GET", f"/Observation?{query}"))
            assert [entry["resource"]["id"] for entry in page["entry"]] == ["F01-a-open"], query
            assert "血" in str(page)

    in_house(fresh(), visit)


def test_the_index_and_the_release_mean_the_same_by_what_is_about_nobody() -> None:
    assert pointers.ABOUT_NOBODY == NON_PATIENT_TYPES
