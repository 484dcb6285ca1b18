"""What may not be seen has no influence: not through chains, _has, includes, sorting, totals or pages."""

from __future__ import annotations

from typing import Any

import pytest

from hub.db.database import Database
from hub.store.store import Store
from hub.store.values import Facts, Visible, Write
from tests.store.support import ask, ids, observation, run, save, write

SEES = Visible(organizations=("F01",), types=frozenset({"Organization"}))


def _visit(rid: str, part_of: str | None = None) -> dict[str, Any]:
    part = {} if part_of is None else {"partOf": {"reference": f"Encounter/{part_of}"}}
    return {"resourceType": "Encounter", "id": rid, "subject": {"reference": "Patient/ours"}, **part}


def _item(rid: str) -> dict[str, Any]:
    return {"item": {"reference": f"Observation/{rid}"}}


def _filled(rid: str, questionnaire: str) -> dict[str, Any]:
    return {"resourceType": "QuestionnaireResponse", "id": rid, "questionnaire": questionnaire} | {
        "subject": {"reference": "Patient/ours"}
    }


def _write(resource: dict[str, Any], org: str) -> Write:
    """A write; what has a narrative is flagged for the release, as the records door does."""
    return write(resource, facts=Facts(author_org=org, flags=3 if "text" in resource else 0))


#: One hospital's records, and another's that must make no difference.
OURS: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "ours", "name": [{"family": "Wang"}], "gender": "male"},
    observation("seen", "ours", effectiveDateTime="2020-01-01"),
    observation("about-theirs", "theirs", effectiveDateTime="2020-02-01"),
    {"resourceType": "Patient", "id": "linked", "name": [{"family": "Li"}]},
    _visit("whole"),
    _visit("inner", "middle"),
    observation("in-inner", "ours", encounter={"reference": "Encounter/inner"}),
    observation(
        "told",
        "ours",
        text={"div": "<div>of the secret</div>"},
        hasMember=[{"reference": "Observation/hidden", "display": "secret"}],
    ),
    _filled("any", "http://x.org/q"),
    _filled("one", "http://x.org/q|1"),
    {"resourceType": "Questionnaire", "id": "open", "url": "http://x.org/open", "title": "Open"},
    {"resourceType": "List", "id": "ours", "subject": {"reference": "Patient/ours"}, "entry": [_item("hidden")]},
]
THEIRS: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "theirs", "name": [{"family": "Wang"}], "gender": "male"},
    observation(
        "hidden", "ours", effectiveDateTime="2021-01-01", code={"coding": [{"code": "secret", "display": "Secret"}]}
    ),
    _visit("middle", "whole"),
    _filled("opened", "http://x.org/open"),
    {"resourceType": "Questionnaire", "id": "q", "url": "http://x.org/q", "version": "1", "title": "Secret"},
    {"resourceType": "List", "id": "theirs", "subject": {"reference": "Patient/ours"}, "entry": [_item("seen")]},
    observation("hidden2", "linked", effectiveDateTime="2021-01-01", code={"coding": [{"code": "secret"}]}),
]
ORGANIZATION = {"resourceType": "Organization", "id": "o", "name": "Theirs"}

SEARCHES: list[tuple[str | None, list[tuple[str, str]]]] = [
    ("Patient", []),
    ("Patient", [("name", "wang")]),
    ("Patient", [("_id", "ours,theirs")]),
    ("Patient", [("_has:Observation:patient:code", "secret")]),
    ("Patient", [("_has:Observation:subject:date", "ge2021")]),
    ("Patient", [("_has:Observation:patient:code:not", "x")]),
    ("Patient", [("_sort", "-family,_id"), ("_revinclude", "Observation:patient")]),
    ("Observation", []),
    ("Observation", [("patient.name", "wang")]),
    ("Observation", [("patient.gender:missing", "true")]),
    ("Observation", [("subject:Patient.gender", "male")]),
    ("Observation", [("code", "secret")]),
    ("Observation", [("code:not", "x")]),
    ("Observation", [("code:text", "secret")]),
    ("Observation", [("patient", "ours"), ("_sort", "-date")]),
    ("Observation", [("patient", "theirs"), ("_include", "Observation:subject")]),
    ("Observation", [("_include", "Observation:*"), ("_revinclude:iterate", "Observation:subject")]),
    ("Observation", [("patient._has:Observation:patient:code", "secret")]),
    ("Encounter", [("part-of:below", "Encounter/whole")]),
    ("Encounter", [("part-of:above", "Encounter/inner")]),
    ("Observation", [("encounter:below", "Encounter/whole")]),
    ("Observation", [("_text", "secret")]),
    ("Observation", [("_content", "secret")]),
    ("Patient", [("_has:Observation:patient:_content", "secret")]),
    ("Observation", [("_list", "ours,theirs")]),
    ("Observation", [("_sort", "-code,subject")]),
    ("Patient", [("_revinclude", "*"), ("_include", "*")]),
    ("QuestionnaireResponse", [("questionnaire.title", "secret")]),
    ("Patient", [("_has:QuestionnaireResponse:subject:questionnaire.title", "secret")]),
    ("Questionnaire", [("_has:QuestionnaireResponse:questionnaire:status:missing", "true")]),
    (None, [("$compartment", "Encounter/inner")]),
    (None, [("$compartment", "Encounter/middle"), ("_include", "*")]),
    (None, [("_type", "Observation,Encounter"), ("_id", "seen,hidden,whole,middle"), ("_sort", "-date,subject")]),
    ("Observation", [("_lastUpdated", "ge2000"), ("_sort", "-_lastUpdated,_id")]),
]


@pytest.mark.parametrize(("rtype", "params"), SEARCHES)
def test_hidden_records_make_no_difference_to_any_answer(
    database_url: str, rtype: str | None, params: list[tuple[str, str]]
) -> None:
    async def work(database: Database, store: Store) -> list[Any]:
        answers = []
        await save(database, store, *(_write(resource, "F01") for resource in OURS))
        for more in ([], THEIRS):
            await save(database, store, *(_write(resource, "F02") for resource in more))
            async with database.connection() as connection:
                found = await ask(connection, store, rtype, params, SEES, count=2)
                rest = (
                    await ask(connection, store, rtype, params, SEES, count=2, after=found.next) if found.next else None
                )
            answers.append(
                (ids(found.matches), ids(found.included), found.total, rest and (ids(rest.matches), rest.next))
            )
        return answers

    without, beside = run(database_url, work)
    assert without == beside


def test_types_that_are_open_to_all_are_seen_whoever_wrote_them(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, write(ORGANIZATION, org="F02"))
        async with database.connection() as connection:
            assert ids((await ask(connection, store, "Organization", [], SEES)).matches) == ["Organization/o"]
            assert ids((await ask(connection, store, "Organization", [], Visible())).matches) == []

    run(database_url, work)


def test_a_deleted_resource_is_found_by_nothing(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first = write(OURS[0])
        await save(database, store, first)
        async with database.connection() as connection:
            current = (await store.load(connection, [("Patient", "ours")]))["Patient", "ours"]
        await save(
            database,
            store,
            Write(
                type="Patient", id="ours", resource=None, patient="ours", facts=Facts(author_org="F01"), current=current
            ),
        )
        async with database.connection() as connection:
            for params in (
                [],
                [("_id", "ours")],
                [("name", "wang")],
                [("gender:not", "female")],
                [("gender:missing", "true")],
            ):
                assert (await ask(connection, store, "Patient", params)).total == 0

    run(database_url, work)
