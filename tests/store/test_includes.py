"""What comes along: what matches refer to, what refers to them, and on from there with :iterate."""

from __future__ import annotations

from typing import Any

import pytest

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.store import includes
from hub.store.store import Store
from hub.store.values import Visible
from tests.store.support import EVERYTHING, ask, ids, observation, run, save, write

RECORD: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "ward", "partOf": {"reference": "Organization/hospital"}},
    {"resourceType": "Organization", "id": "hospital", "partOf": {"reference": "Organization/county"}},
    {"resourceType": "Organization", "id": "county"},
    {"resourceType": "Patient", "id": "p", "managingOrganization": {"reference": "Organization/ward"}},
    observation("o1", "p", performer=[{"reference": "Organization/ward"}, {"reference": "Patient/p"}]),
    observation("o2", "p", hasMember=[{"reference": "Observation/o1"}], focus=[{"reference": "Observation/absent"}]),
]

#: type, parameters, what is included besides the matches.
CASES: list[tuple[str, list[tuple[str, str]], list[str]]] = [
    ("Observation", [("_id", "o1"), ("_include", "Observation:subject")], ["Patient/p"]),
    ("Observation", [("_id", "o1"), ("_include", "Observation:performer")], ["Organization/ward", "Patient/p"]),
    ("Observation", [("_id", "o1"), ("_include", "Observation:performer:Organization")], ["Organization/ward"]),
    ("Observation", [("_id", "o1"), ("_include", "Patient:organization")], []),
    ("Observation", [("_id", "o2"), ("_include", "Observation:*")], ["Observation/o1", "Patient/p"]),
    ("Observation", [("_include", "Observation:has-member")], []),
    (
        "Observation",
        [("_id", "o1"), ("_include", "Observation:subject"), ("_include", "Patient:organization")],
        ["Patient/p"],
    ),
    (
        "Observation",
        [("_id", "o1"), ("_include", "Observation:subject"), ("_include:iterate", "Patient:organization")],
        ["Organization/ward", "Patient/p"],
    ),
    (
        "Patient",
        [("_include", "Patient:organization"), ("_include:iterate", "Organization:partof")],
        ["Organization/county", "Organization/hospital", "Organization/ward"],
    ),
    ("Patient", [("_revinclude", "Observation:patient")], ["Observation/o1", "Observation/o2"]),
    ("Organization", [("_id", "ward"), ("_revinclude", "Patient:organization")], ["Patient/p"]),
    (
        "Organization",
        [("_id", "ward"), ("_revinclude", "Patient:organization"), ("_revinclude:iterate", "Observation:subject")],
        ["Observation/o1", "Observation/o2", "Patient/p"],
    ),
    ("Patient", [("_revinclude", "Observation:patient:Group")], []),
]


@pytest.mark.parametrize(("rtype", "params", "expected"), CASES)
def test_includes_bring_each_resource_once(
    database_url: str, rtype: str, params: list[tuple[str, str]], expected: list[str]
) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(write(resource) for resource in RECORD))
        for visible in (EVERYTHING, Visible(organizations=("F01",), types=frozenset({"Organization"}))):
            async with database.connection() as connection:
                found = await ask(connection, store, rtype, params, visible)
            assert sorted(ids(found.included)) == expected

    run(database_url, work)


FORMS: list[dict[str, Any]] = [
    *({"resourceType": "Questionnaire", "id": f"q{n}", "url": "http://x.test/q", "version": n} for n in ("1.0", "2.0")),
    {"resourceType": "Questionnaire", "id": "other", "url": "http://x.test/other"},
    {"resourceType": "Patient", "id": "p"},
    *(
        {
            "resourceType": "QuestionnaireResponse",
            "id": rid,
            "subject": {"reference": "Patient/p"},
            "questionnaire": f"http://x.test/q{version}",
        }
        for rid, version in (("any", ""), ("first", "|1.0"), ("third", "|3.0"))
    ),
    {"resourceType": "PlanDefinition", "id": "plan", "url": "http://x.test/plan", "version": "2"},
    {"resourceType": "ActivityDefinition", "id": "act", "url": "http://x.test/act"},
    {
        "resourceType": "ServiceRequest",
        "id": "both",
        "subject": {"reference": "Patient/p"},
        "instantiatesCanonical": ["http://x.test/plan|1", "http://x.test/plan", "http://x.test/act"],
    },
]


@pytest.mark.parametrize(
    ("rtype", "rid", "name", "value", "expected"),
    [
        ("QuestionnaireResponse", "any", "_include", "QuestionnaireResponse:questionnaire", "q1.0 q2.0"),
        ("QuestionnaireResponse", "first", "_include", "QuestionnaireResponse:questionnaire", "q1.0"),
        ("QuestionnaireResponse", "first", "_include", "QuestionnaireResponse:questionnaire:Questionnaire", "q1.0"),
        ("QuestionnaireResponse", "third", "_include", "QuestionnaireResponse:questionnaire", ""),
        ("QuestionnaireResponse", "first", "_include", "*", "p q1.0"),
        ("QuestionnaireResponse", "first", "_include", "QuestionnaireResponse:subject", "p"),
        ("ServiceRequest", "both", "_include", "ServiceRequest:instantiates-canonical", "act plan"),
        ("ServiceRequest", "both", "_include", "ServiceRequest:instantiates-canonical:PlanDefinition", "plan"),
        ("PlanDefinition", "plan", "_revinclude", "ServiceRequest:instantiates-canonical", "both"),
        ("Questionnaire", "q1.0", "_revinclude", "QuestionnaireResponse:questionnaire", "any first"),
        ("Questionnaire", "q2.0", "_revinclude", "QuestionnaireResponse:*", "any"),
        ("Questionnaire", "other", "_revinclude", "QuestionnaireResponse:questionnaire", ""),
    ],
)
def test_definitions_come_along_by_their_canonical_urls(
    database_url: str, rtype: str, rid: str, name: str, value: str, expected: str
) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(write(resource) for resource in FORMS))
        async with database.connection() as connection:
            found = await ask(connection, store, rtype, [("_id", rid), (name, value)], EVERYTHING)
            assert [one.rpartition("/")[2] for one in sorted(ids(found.included))] == expected.split()

    run(database_url, work)


def test_a_definition_that_is_hidden_does_not_come_along(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(write(resource) for resource in FORMS))
        async with database.connection() as connection:
            for types, expected in ((frozenset({"Questionnaire"}), 2), (frozenset[str](), 0)):
                visible = Visible(types=types, organizations=("F01",))
                params = [("_id", "any"), ("_include", "QuestionnaireResponse:questionnaire")]
                found = await ask(connection, store, "QuestionnaireResponse", params, visible)
                assert (len(found.matches), len(found.included)) == (1, expected)

    run(database_url, work)


def test_more_than_the_limit_is_refused_rather_than_cut(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(includes, "MOST", 1)

    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(write(resource) for resource in RECORD))
        async with database.connection() as connection:
            with pytest.raises(HubError) as caught:
                await ask(connection, store, "Patient", [("_revinclude", "Observation:patient")])
            assert caught.value.category is Category.TOO_LARGE

    run(database_url, work)


def test_what_many_matches_refer_to_is_fetched_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read once for each match, it filled what may be included at most, and others were lost."""
    monkeypatch.setattr(includes, "MOST", 2)
    told = [{"reference": "Organization/hospital"}]
    seen = [observation(f"o{number}", "p", performer=told) for number in range(5)]
    seen.append(observation("z", "p", performer=[{"reference": "Organization/county"}]))

    async def work(database: Database, store: Store) -> list[str]:
        await save(database, store, *map(write, [*RECORD[:4], *seen]))
        async with database.connection() as tx:
            found = await ask(tx, store, "Observation", [("_include", "Observation:performer")])
            return ids(found.included)

    assert run(database_url, work) == ["Organization/county", "Organization/hospital"]


def test_what_the_next_page_alone_refers_to_does_not_come_along(database_url: str) -> None:
    """The page is read with one match more, to know that there is another page."""
    ward, hospital = {"reference": "Organization/ward"}, {"reference": "Organization/hospital"}
    seen = [
        observation("first", "p", effectiveDateTime="2025-02-01", performer=[ward], focus=[hospital]),
        observation("second", "p", effectiveDateTime="2025-01-01", performer=[hospital]),
    ]

    async def work(database: Database, store: Store) -> None:
        await save(database, store, *map(write, [*RECORD[:4], *seen]))
        params = [("_id", "first,second"), ("_include", "Observation:performer")]
        async with database.connection() as tx:
            page = await ask(tx, store, "Observation", params, count=1)
            assert (ids(page.matches), ids(page.included)) == (["Observation/first"], ["Organization/ward"])
            page = await ask(tx, store, "Observation", params, count=1, after=page.next)
            assert (ids(page.matches), ids(page.included)) == (["Observation/second"], ["Organization/hospital"])

    run(database_url, work)
