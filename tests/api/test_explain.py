"""`_explain`: operators see how a search would be run, nobody sees a value, and whoever reads records may not ask."""

from __future__ import annotations

import pytest

from tests.api.house import ACTORS, House, body, code, in_house, observation, patient

QUERY = "/Observation?patient.identifier=urn:test:mrn|mrn-1&code=4548-4&_sort=-date&_content=糖化"


def test_an_operator_sees_clauses_statement_and_plan(database_url: str) -> None:
    async def visit(home: House) -> None:
        for who in ("engineer", "administrator"):
            told = body(await home.ask("GET", f"{QUERY}&_explain=true", who=who))
            assert told["resourceType"] == "Parameters"
            parts = [(part["name"], part["valueString"]) for part in told["parameter"]]
            assert [value for name, value in parts if name == "clause"] == ["Chain", "Tokens", "Texts"]
            assert ("leads", "Chain") in parts
            assert ("sort", "promoted") in parts
            assert "LIMIT" in dict(parts)["statement"]
            assert "Index" in dict(parts)["plan"]

    in_house(database_url, visit)


def test_the_answer_depends_on_no_record_and_holds_no_value(database_url: str) -> None:
    async def visit(home: House) -> None:
        # Plans go by the sizes of tables, so none is empty before: what is asked is whether one more record tells.
        first = await home.create(patient(identifier=[{"system": "urn:test:mrn", "value": "mrn-3"}]))
        await home.create(observation(first["id"]))
        one = await home.ask("GET", f"{QUERY}&_explain=true", who="engineer")
        made = await home.create(patient())
        await home.create(observation(made["id"]))
        other = await home.ask("GET", f"{QUERY.replace('mrn-1', 'mrn-2')}&_explain=true", who="engineer")
        assert one.text == other.text
        for value in ("mrn-1", "4548-4", "糖化", "rows=", "cost="):
            assert value not in one.text

    in_house(database_url, visit)


@pytest.mark.parametrize("who", sorted(set(ACTORS) - {"engineer", "administrator"}))
def test_nobody_else_may_ask(database_url: str, who: str) -> None:
    async def visit(home: House) -> None:
        for path in (f"{QUERY}&_explain=true", "?_id=x&_explain=true", "/Patient?_explain=false"):
            answer = await home.ask("GET", path, who=who)
            assert (answer.status_code, code(answer)) == (403, "role-not-allowed")

    in_house(database_url, visit)


def test_it_explains_or_refuses_but_never_runs(database_url: str) -> None:
    async def visit(home: House) -> None:
        for path in ("/Patient?_explain=false", "/Patient?_explain=true&colour=red", "/AuditEvent?_explain=true"):
            assert (await home.ask("GET", path, who="engineer")).status_code == 400
        assert (await home.ask("GET", "/Patient", who="engineer")).status_code == 403

    in_house(database_url, visit)
