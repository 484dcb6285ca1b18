"""Single attacks over HTTP, each with its number in an assessor's list, where two equal counties would not show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from hub.kernel.types import Json
from tests.api.house import ACTORS, BASE, House, actor, body, code, in_house
from tests.security.county import HIV, MRN, PANEL, object_to_all, observation, patient, settle, told

#: A scope that opens part of a type.
PART: Final = "user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
#: Another clinician of the clinic.
COLLEAGUE: Final = "colleague"


@pytest.fixture(autouse=True)
def _people(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = actor(scopes=("user/Patient.rs",))
    more = {
        COLLEAGUE: actor("F03"),
        "narrow": narrow,
        "part": actor(scopes=(PART, "user/Patient.rs")),
        "d-self": _self("F01-d"),
        "a-self": _self("F01-a"),
    }
    for name, one in more.items():
        monkeypatch.setitem(ACTORS, name, one)


def _self(rid: str) -> Any:
    return replace(actor("", "patient"), patient=rid, practitioner=None, purpose=("PATRQT",))


def same(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether two answers tell the same."""
    return told(one) == told(other) and len(one.content) == len(other.content)


def ids(answer: httpx.Response) -> list[str]:
    return [entry["resource"]["id"] for entry in body(answer).get("entry", ())]


def attack(url: str, visit: Any) -> None:
    async def settled(home: House) -> None:
        await settle(home, hidden=True)
        await visit(home)

    in_house(url, settled)


def test_34_a_search_looks_into_no_more_than_the_scopes_cover(database_url: str) -> None:
    async def visit(home: House) -> None:
        through = "/Patient?_has:Observation:patient:value-quantity=gt1"
        assert ids(await home.ask("GET", through))
        refused = await home.ask("GET", through, who="narrow")
        assert (refused.status_code, code(refused)) == (403, "scope-not-allowed")
        assert ids(await home.ask("GET", "/Patient", who="narrow"))

    attack(database_url, visit)


@pytest.mark.parametrize("suffix", ["", "/_history", "/_history/1"])
@pytest.mark.parametrize("hidden", ["Observation/F01-b-hba1c", "Observation/F01-c-load", "Patient/F01-d"])
def test_1_a_guessed_address_is_answered_as_a_random_one(database_url: str, hidden: str, suffix: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", f"/{hidden}{suffix}")
        rtype = hidden.partition("/")[0]
        assert answer.status_code == 404
        assert same(answer, await home.ask("GET", f"/{rtype}/abcdefghijklmnopqrstuvwxyz{suffix}"))

    attack(database_url, visit)


@pytest.mark.parametrize("first", ["labelled", "plain"])
def test_2_a_version_is_judged_by_its_labels_then_and_now(database_url: str, first: str) -> None:
    async def visit(home: House) -> None:
        # A plain update takes no label away (attack 26): what was labelled once stays so.
        labelled = {"meta": {"security": [HIV]}}
        for value, labels in (
            (1, labelled if first == "labelled" else {}),
            (2, {} if first == "labelled" else labelled),
        ):
            resource = observation("a", "changed", value, **labels)
            answer = await home.ask("PUT", "/Observation/F01-a-changed", resource, who="hospital")
            assert answer.status_code in (200, 201)
        for suffix in ("", "/_history", "/_history/1", "/_history/2"):
            assert (await home.ask("GET", f"/Observation/F01-a-changed{suffix}")).status_code == 404
            assert (await home.ask("GET", f"/Observation/F01-a-changed{suffix}", who="hospital")).status_code == 200

    attack(database_url, visit)


def test_6_bisection_over_has_finds_the_same_whatever_is_asked(database_url: str) -> None:
    async def visit(home: House) -> None:
        low, high, answers = 0, 1_000_000, set()
        for _ in range(7):
            middle = (low + high) // 2
            found = await home.ask("GET", f"/Patient?_has:Observation:patient:value-quantity=gt{middle}&_id=F01-c")
            answers.add(tuple(ids(found)))
            low, high = (middle, high) if ids(found) else (low, middle)
        assert answers == {()}

    attack(database_url, visit)


def test_9_a_page_token_serves_nobody_else_and_no_other_query(database_url: str) -> None:
    async def visit(home: House) -> None:
        first = body(await home.ask("GET", "/Observation?_count=1"))
        link = next(one["url"] for one in first["link"] if one["relation"] == "next").removeprefix(BASE)
        assert (await home.ask("GET", link)).status_code == 200
        changed = link[:-2] + ("A" if link[-2] != "A" else "B") + link[-1]
        for url, who in (
            (link, "hospital"),
            (link, COLLEAGUE),
            (changed, "clinic"),
            (f"{link}&status=final", "clinic"),
        ):
            assert (await home.ask("GET", url, who=who)).status_code == 404

    attack(database_url, visit)


def test_10_a_page_after_the_withdrawal_releases_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        for path in ("/Observation?patient=F01-a&_count=1", "/Patient/F01-a/$everything?_count=1"):
            first = body(await home.ask("GET", path))
            assert len(first["entry"]) == 1
            links.append(next(one["url"] for one in first["link"] if one["relation"] == "next").removeprefix(BASE))
        await object_to_all(home, "a")
        for link in links:
            answer = await home.ask("GET", link)
            assert answer.status_code in (200, 403)
            assert ids(answer) == []

    links: list[str] = []
    attack(database_url, visit)


def test_14_a_conditional_create_meets_nothing_hidden(database_url: str) -> None:
    async def visit(home: House) -> None:
        answers = []
        for who in ("b", "d", "z"):
            criterion = f"identifier={MRN}|M-{who}"
            plain = {"resourceType": "Patient", "name": [{"text": "钱某"}], "birthDate": "1960-06-06"}
            answers.append(await home.ask("POST", "/Patient", plain, if_none_exist=criterion))
        assert [answer.status_code for answer in answers] == [201, 201, 201]

    attack(database_url, visit)


def test_16_a_transaction_that_reads_what_is_hidden_says_what_is_said_of_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        urls = ("Observation/F01-b-hba1c", "Observation/F01-z-hba1c", "Patient/F01-d/$everything")
        bundle = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "GET", "url": url}} for url in urls],
        }
        answer = await home.ask("POST", "", bundle)
        entries = body(answer)["entry"] if answer.status_code == 200 else []
        assert {entry["response"]["status"][:3] for entry in entries} <= {"404"}
        put: Json = {"resource": observation("b", "hba1c", 9), "request": {"method": "PUT", "url": urls[0]}}
        refused = await home.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [put]})
        other: Json = {"resource": observation("z", "hba1c", 9), "request": {"method": "PUT", "url": urls[1]}}
        absent = await home.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [other]})
        assert refused.status_code == absent.status_code != 200

    attack(database_url, visit)


def test_17_a_record_of_which_nothing_is_permitted_admits_itself_only_to_who_is_related(database_url: str) -> None:
    async def visit(home: House) -> None:
        related = await home.ask("GET", "/Patient/F01-b/$everything")
        assert (related.status_code, code(related)) == (403, "break-glass-possible")
        assert "deny" not in related.text
        assert "opt" not in related.text.replace("OperationOutcome", "")
        stranger = await home.ask("GET", "/Patient/F01-d/$everything")
        assert stranger.status_code == 404
        assert same(stranger, await home.ask("GET", "/Patient/F01-z/$everything"))

    attack(database_url, visit)


def test_17_the_golden_record_of_a_hidden_person_is_absent(database_url: str) -> None:
    async def visit(home: House) -> None:
        async with home.database.connection() as tx:
            persons = {row["patient"]: row["person"] for row in await tx.fetch("SELECT patient, person FROM member")}
        nobody = await home.ask("GET", "/Patient/abcdefghijklmnopqrstuvwxyz")
        for who in ("b", "d"):
            assert same(await home.ask("GET", f"/Patient/{persons[f'F01-{who}']}"), nobody)
        seen = await home.ask("GET", f"/Patient/{persons['F01-a']}")
        assert seen.status_code == 200
        assert body(seen)["meta"]["tag"][0]["code"] == "golden"
        record = await home.ask("GET", f"/Patient/{persons['F01-a']}/$everything")
        assert ids(record)[0] == persons["F01-a"]
        assert "F01-a-panel" in ids(record)

    attack(database_url, visit)


@pytest.mark.parametrize("bundled", [False, True])
def test_29_nothing_is_written_past_the_consents_of_a_person(database_url: str, bundled: bool) -> None:
    async def visit(home: House) -> None:
        async with home.database.connection() as tx:
            person = await tx.fetchval("SELECT person FROM member WHERE patient = 'F01-a'")
        astray = {**observation("a", "astray", 1), "subject": {"reference": f"Patient/{person}"}}
        entry = {"resource": astray, "request": {"method": "PUT", "url": f"Observation/{astray['id']}"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        path = "" if bundled else f"/Observation/{astray['id']}"
        answer = await home.ask("POST" if bundled else "PUT", path, bundle if bundled else astray, who="hospital")
        assert (answer.status_code, code(answer)) == (422, "golden-subject")
        assert (await home.ask("GET", f"/Observation/{astray['id']}", who="hospital")).status_code == 404

    attack(database_url, visit)


@pytest.mark.parametrize(
    "path",
    [
        "/Observation/F01-a-panel",
        "/Observation/F01-a-panel/_history/1",
        "/Observation/F01-a-panel/_history",
        "/Observation?_id=F01-a-panel",
        "/Patient/F01-a/$everything",
        "/Patient?_id=F01-a&_revinclude=Observation:subject",
    ],
)
def test_22_and_23_displays_and_narratives_repeat_nothing_hidden(database_url: str, path: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("GET", path)
        assert answer.status_code == 200
        assert "F01-a-panel" in answer.text
        assert '"HbA1c"' in answer.text
        for word in ("51000", "viral load", "B's HbA1c"):
            assert word not in answer.text
        assert PANEL["hasMember"][2]["display"] in (await home.ask("GET", path, who="hospital")).text

    attack(database_url, visit)


def test_22_an_identifier_beside_a_hidden_reference_is_found_by_nobody(database_url: str) -> None:
    async def visit(home: House) -> None:
        members = [
            {"reference": f"Observation/{target}", "identifier": {"system": "urn:test:lab", "value": "c-load"}}
            for target in ("F01-c-load", "F01-z-load")
        ]
        for number, member in enumerate(members):
            told = observation("a", f"teller{number}", 1, hasMember=[member])
            assert (await home.ask("PUT", f"/Observation/{told['id']}", told, who="hospital")).status_code == 201
        assert ids(await home.ask("GET", "/Observation?has-member:identifier=urn:test:lab|c-load")) == []
        assert len(ids(await home.ask("GET", "/Observation?has-member=F01-c-load"))) == 2

    attack(database_url, visit)


@pytest.mark.parametrize("bundled", [False, True])
def test_22_a_reference_by_its_whole_url_is_treated_as_the_relative_one(database_url: str, bundled: bool) -> None:
    async def visit(home: House) -> None:
        member = {"reference": f"{BASE}/Observation/F01-c-load", "display": "viral load"}
        whole = {"subject": {"reference": f"{BASE}/Patient/F01-a"}, "hasMember": [member]}
        told = observation("a", "whole", 1, **whole)
        entry = {"resource": told, "request": {"method": "PUT", "url": f"Observation/{told['id']}"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        path = "" if bundled else f"/Observation/{told['id']}"
        answer = await home.ask("POST" if bundled else "PUT", path, bundle if bundled else told, who="hospital")
        assert answer.status_code == (200 if bundled else 201)
        (seen,) = [
            one["resource"]
            for one in body(await home.ask("GET", "/Observation?patient=F01-a&has-member=F01-c-load"))["entry"]
            if one["resource"]["id"] == told["id"]
        ]
        assert seen["subject"] == {"reference": "Patient/F01-a"}
        assert seen["hasMember"] == [{"reference": "Observation/F01-c-load"}]

    attack(database_url, visit)


def test_23_a_container_is_as_hidden_as_what_it_contains(database_url: str) -> None:
    async def visit(home: House) -> None:
        inner = {**observation("a", "inner", 2, meta={"security": [HIV]}), "id": "inner"}
        outer = observation("a", "outer", 1, contained=[inner], hasMember=[{"reference": "#inner"}])
        assert (await home.ask("PUT", "/Observation/F01-a-outer", outer, who="hospital")).status_code == 201
        assert (await home.ask("GET", "/Observation/F01-a-outer")).status_code == 404
        assert "F01-a-outer" not in ids(await home.ask("GET", "/Observation?patient=F01-a"))

    attack(database_url, visit)


def test_25_the_trail_is_for_the_patient_and_the_auditor(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("GET", "/Patient/F01-d", who="hospital")
        await home.ask("GET", "/Observation?patient=F01-d,F01-a", who="hospital")
        mine = await home.ask("GET", "/AuditEvent?patient=Patient/F01-d", who="d-self")
        assert mine.status_code == 200
        assert len(ids(mine)) >= 2
        assert "F01-a" not in mine.text
        assert ids(await home.ask("GET", "/AuditEvent?patient=Patient/F01-a", who="d-self")) == []
        one = ids(mine)[0]
        assert (await home.ask("GET", f"/AuditEvent/{one}", who="d-self")).status_code == 200
        nothing = await home.ask("GET", "/AuditEvent/abcdefghijklmnopqrstuvwxyz", who="a-self")
        for who in ("a-self", "clinic", "hospital"):
            assert same(await home.ask("GET", f"/AuditEvent/{one}", who=who), nothing)
        audited = await home.ask("GET", "/AuditEvent?_count=1000", who="auditor")
        assert {one} <= set(ids(audited))
        assert "6.5" not in audited.text
        assert (await home.ask("GET", "/Observation/F01-a-hba1c", who="auditor")).status_code == 403

    attack(database_url, visit)


def test_25_pages_of_the_trail_follow_their_links(database_url: str) -> None:
    async def visit(home: House) -> None:
        for _ in range(3):
            await home.ask("GET", "/Patient/F01-d", who="hospital")
        url, seen = "/AuditEvent?_count=2&date=ge2020", []
        while url:
            page = body(await home.ask("GET", url, who="d-self"))
            seen += [entry["resource"]["id"] for entry in page["entry"]]
            links = {link["relation"]: link["url"] for link in page["link"]}
            url = links.get("next", "").removeprefix(BASE)
        assert len(seen) == len(set(seen)) >= 3
        refused = await home.ask("GET", "/AuditEvent?agent-role=x", who="d-self")
        assert (refused.status_code, code(refused)) == (400, "unknown-parameter")

    attack(database_url, visit)


def test_17_a_match_gives_graded_golden_records(database_url: str) -> None:
    async def visit(home: House) -> None:
        parameters = {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "resource", "resource": {**patient("a"), "id": "probe"}},
                {"name": "onlyCertainMatches", "valueBoolean": False},
                {"name": "count", "valueInteger": 1},
            ],
        }
        answer = await home.ask("POST", "/Patient/$match", parameters)
        bundle = body(answer)
        (entry,) = bundle["entry"]
        assert (bundle["type"], bundle["total"]) == ("searchset", 1)
        assert 0 < entry["search"]["score"] <= 1
        assert entry["search"]["mode"] == "match"
        assert entry["search"]["extension"][0]["url"] == "http://hl7.org/fhir/StructureDefinition/match-grade"
        assert entry["resource"]["link"] == [{"other": {"reference": "Patient/F01-a"}, "type": "seealso"}]
        assert (await home.ask("POST", "/Observation/$match", parameters)).status_code == 404
        assert (await home.ask("GET", "/Patient/$match")).status_code == 405
        assert (await home.ask("POST", "/Patient/$match", parameters, who="auditor")).status_code == 403

    attack(database_url, visit)


def test_34_a_batch_opens_no_more_of_a_type_than_its_scope(database_url: str) -> None:
    category = "http://terminology.hl7.org/CodeSystem/observation-category"

    async def visit(home: House) -> None:
        for name, kind in (("sugar", "laboratory"), ("pulse", "vital-signs")):
            sorted_ = [{"coding": [{"system": category, "code": kind}]}]
            resource = observation("a", name, 5, category=sorted_)
            assert (await home.ask("PUT", f"/Observation/{resource['id']}", resource, who="hospital")).is_success
        asked = ("Observation/F01-a-sugar", "Observation/F01-a-pulse", "Observation?patient=F01-a&_total=accurate",
                 "Observation/F01-a-pulse/_history", "Patient/F01-a/$everything?_type=Observation")  # fmt: skip
        entries = [{"request": {"method": "GET", "url": url}} for url in asked]
        answer = await home.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}, who="part")
        told = body(answer)["entry"]
        assert [one["response"]["status"].split()[0] for one in told] == ["200", "404", "200", "404", "200"]
        assert told[2]["resource"]["total"] == 1
        assert "F01-a-pulse" not in str([one.get("resource") for one in (told[0], told[2], told[4])])

    attack(database_url, visit)
