"""Attacks through search parameters, headers and updates over HTTP, each with its number in an assessor's list.

The clinic attacks the county: A consents, B has opted out, C has a viral load labelled HIV, D is no patient of the
clinic's (tests/security/county.py).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import pytest

from hub.kernel.types import Json
from tests.api.hostile import CANARY, VALUES
from tests.api.house import House, body, code
from tests.security.county import HIV, observation
from tests.security.test_leaks import attack, ids, same

#: What the clinic must never see, by id.
HIDDEN: Final = frozenset(
    {"F01-b", "F01-d", "F01-b-hba1c", "F01-c-load", "F01-d-hba1c", "F01-d-load", "F01-b-ref", "F01-d-ref"}
)
LABEL: Final = f"{HIV['system']}|{HIV['code']}"


def entries(answer: Any) -> set[str]:
    """Ids of all that an answer holds, matches and includes."""
    assert answer.status_code == 200, answer.text
    return {entry["resource"]["id"] for entry in body(answer).get("entry", [])}


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("Observation?_id=F01-a-panel&_include=Observation:has-member", "F01-a-hba1c"),
        (
            "Observation?_id=F01-a-panel&_include:iterate=Observation:has-member&_include:iterate=Observation:subject",
            "F01-a",
        ),
        ("Patient?_id=F01-a,F01-b,F01-c,F01-d&_revinclude=Observation:patient", "F01-c-hba1c"),
        ("Patient?_revinclude=Observation:subject&_revinclude:iterate=Observation:has-member", "F01-a-panel"),
        ("ServiceRequest?_include=ServiceRequest:subject", "F01-a"),
    ],
)
def test_3_and_4_includes_are_judged_one_by_one(database_url: str, query: str, there: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/{query}")
        assert there in entries(answer)
        assert entries(answer).isdisjoint(HIDDEN)
        assert "51000" not in answer.text

    attack(database_url, visit)


def test_5_a_chain_over_somebody_hidden_is_as_one_over_nobody(database_url: str) -> None:
    async def visit(home: House) -> None:
        for query in (
            "Observation?patient.identifier=urn:test:mrn|M-{}",
            "Observation?subject:Patient.identifier=urn:test:mrn|M-{}&_summary=count",
            "Observation?patient.telecom=1380099000{}",
            "Patient?_has:Observation:patient:identifier=urn:test:lab|{}-load",
        ):
            for hidden in ("d", "b"):
                there, nowhere = [await home.ask("GET", f"/{query.format(who)}") for who in (hidden, "z")]
                assert there.status_code == 200
                assert body(there).get("total") == body(nowhere).get("total")
                assert entries(there) == entries(nowhere) == set()

    attack(database_url, visit)


@pytest.mark.parametrize("rtype", ["Patient", "Observation", "ServiceRequest"])
def test_7_counts_are_of_what_may_be_seen(database_url: str, rtype: str) -> None:
    async def visit(home: House) -> None:
        seen = ids(await home.ask("GET", f"/{rtype}?_count=1000"))
        assert seen
        assert HIDDEN.isdisjoint(seen)
        for query in ("_total=accurate", "_total=estimate", "_summary=count", "_count=0", "_count=1&_total=accurate"):
            assert body(await home.ask("GET", f"/{rtype}?{query}"))["total"] == len(seen)

    attack(database_url, visit)


@pytest.mark.parametrize("sort", ["date", "-date", "code", "_lastUpdated", "-_id", "value-quantity", "-identifier"])
def test_11_a_sort_orders_what_is_visible_as_if_nothing_else_were(database_url: str, sort: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/Observation?_sort={sort}")
        whole = await home.ask("GET", f"/Observation?_sort={sort}", who="hospital")
        assert answer.status_code == whole.status_code
        if answer.status_code == 200:
            seen = ids(answer)
            assert [one for one in ids(whole) if one in seen] == seen
            assert HIDDEN.isdisjoint(seen)

    attack(database_url, visit)


@pytest.mark.parametrize(
    "shape", ["_elements=id", "_elements=status", "_contained=false", "_summary=false", "_pretty=true"]
)
def test_12_no_shape_of_an_answer_lets_through_what_is_hidden(database_url: str, shape: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/Observation?patient=F01-c&{shape}")
        assert ids(answer) == ["F01-c-hba1c"]

    attack(database_url, visit)


def test_13_labels_tags_and_profiles_find_nothing_hidden(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert ids(await home.ask("GET", f"/Observation?_security={quote(LABEL)}", who="hospital"))
        for query in (f"_security={LABEL}", "_security=HIV", f"_security:not={LABEL}&patient=F01-c&code=20447-9"):
            answer = await home.ask("GET", f"/Observation?{quote(query, safe='=&:')}")
            assert ids(answer) == []
            assert body(answer)["total"] == 0
        for query in (f"_has:Observation:patient:_security={LABEL}", f"_has:Observation:subject:_security={LABEL}"):
            assert ids(await home.ask("GET", f"/Patient?{quote(query, safe='=&:')}")) == []

    attack(database_url, visit)


@pytest.mark.parametrize(
    "path", ["/Patient?_query=all", "/Patient?_filter=name eq x", "/$graphql?query=x", "/Patient/F01-a/$graphql"]
)
def test_21_there_is_no_other_language_to_ask_in(database_url: str, path: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("GET", quote(path, safe="/?=$"))).status_code in (400, 404)

    attack(database_url, visit)


def test_26_nobody_lowers_a_label_or_moves_a_result_to_another_patient(database_url: str) -> None:
    async def visit(home: House) -> None:
        lowered: tuple[Json, ...] = ({}, {"meta": {}}, {"meta": {"security": [{"system": HIV["system"], "code": "N"}]}})
        for meta in lowered:
            sent = observation("c", "load", 51000, **meta)
            await home.ask("PUT", "/Observation/F01-c-load", sent, who="hospital")
            assert (await home.ask("GET", "/Observation/F01-c-load")).status_code == 404
        moved = observation("c", "load", 51000, subject={"reference": "Patient/F01-a"}, meta={"security": [HIV]})
        refused = await home.ask("PUT", "/Observation/F01-c-load", moved, who="hospital")
        assert (refused.status_code, code(refused)) == (422, "subject-changed")

    attack(database_url, visit)


@pytest.mark.parametrize(
    "header",
    [
        {"x_purpose": "BTG"},
        {"purpose_of_use": "ETREAT"},
        {"x_role": "administrator"},
        {"x_organization": "F01"},
        {"x_forwarded_user": "hospital"},
        {"x_original_url": "/metrics"},
        {"cookie": "session=hospital"},
    ],
)
def test_37_no_header_changes_who_asks_or_why(database_url: str, header: dict[str, str]) -> None:
    async def visit(home: House) -> None:
        nothing = await home.ask("GET", "/Observation/F01-z-load")
        for hidden in ("F01-c-load", "F01-d-load"):
            assert same(await home.ask("GET", f"/Observation/{hidden}", **header), nothing)
        plain, dressed = [await home.ask("GET", "/Patient?_sort=_id", **sent) for sent in ({}, header)]
        assert ids(plain) == ids(dressed)

    attack(database_url, visit)


def test_45_a_tag_of_somebody_else_is_no_oracle_and_no_answer_is_kept(database_url: str) -> None:
    async def visit(home: House) -> None:
        tag = (await home.ask("GET", "/Observation/F01-c-load", who="hospital")).headers["etag"]
        nothing = await home.ask("GET", "/Observation/F01-z-load")
        for sent in (
            {"if_none_match": tag},
            {"if_none_match": "*"},
            {"if_modified_since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        ):
            hidden = await home.ask("GET", "/Observation/F01-c-load", **sent)
            assert same(hidden, nothing)
        for path in ("/Patient/F01-a", "/Patient", "/Patient/F01-z", "/Patient/F01-a/_history", "/metadata"):
            assert (await home.ask("GET", path)).headers["cache-control"] == "no-store, private"

    attack(database_url, visit)


@pytest.mark.parametrize(
    "name", ["name", "identifier", "_id", "birthdate", "_lastUpdated", "general-practitioner", "_sort"]
)
def test_58_whatever_a_value_says_it_is_a_value(database_url: str, name: str) -> None:
    async def visit(home: House) -> None:
        for value in VALUES:
            answer = await home.ask("GET", f"/Patient?{name}={quote(value.replace('{c}', CANARY))}")
            assert answer.status_code in (200, 400), value
            if answer.status_code == 200:
                assert HIDDEN.isdisjoint(ids(answer))
        assert len(ids(await home.ask("GET", "/Patient"))) == 2

    attack(database_url, visit)
