"""Update and conditional update (R4 http.html#update, #cond-update)."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from hub.kernel.types import Json
from tests.api.house import House, body, code, in_house, observation, patient


def test_an_update_makes_the_next_version(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        answer = await home.ask("PUT", f"/Patient/{made['id']}", {**made, "gender": "other"})
        assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
        assert body(answer)["gender"] == "other"

    in_house(database_url, visit)


def test_an_update_that_changes_nothing_makes_no_version(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1", "1.50"))
        path = f"/Observation/{made['id']}"
        same = await home.ask("PUT", path, made)
        assert (same.status_code, same.headers["etag"]) == (200, 'W/"1"')
        other_digits = {**made, "valueQuantity": {**made["valueQuantity"], "value": 1}}
        assert (await home.ask("PUT", path, other_digits)).headers["etag"] == 'W/"2"'

    in_house(database_url, visit)


def test_if_match_keeps_an_update_from_overwriting_another(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        first = await home.ask("PUT", path, {**made, "gender": "other"}, if_match='W/"1"')
        assert first.status_code == 200
        late = await home.ask("PUT", path, {**made, "gender": "male"}, if_match='W/"1"')
        assert late.status_code == 412
        assert (await home.ask("PUT", path, made, if_match="1")).status_code == 400
        assert body(await home.ask("GET", path))["gender"] == "other"

    in_house(database_url, visit)


def test_racing_updates_never_lose_one(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"

        async def add(name: str) -> None:
            while True:
                now = await home.ask("GET", path)
                changed = body(now)
                changed["name"].append({"text": name})
                answer = await home.ask("PUT", path, changed, if_match=now.headers["etag"])
                if answer.status_code == 200:
                    return
                assert answer.status_code == 412

        await asyncio.gather(*(add(f"n{number}") for number in range(12)))
        names = {name.get("text") for name in body(await home.ask("GET", path))["name"]}
        assert {f"n{number}" for number in range(12)} <= names

    in_house(database_url, visit)


def test_racing_updates_without_if_match_each_make_a_version(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        answers = await asyncio.gather(
            *(home.ask("PUT", path, {**made, "birthDate": f"19{year}-01-01"}) for year in range(60, 80))
        )
        assert sorted(int(a.headers["etag"][3:-1]) for a in answers) == list(range(2, 22))

    in_house(database_url, visit)


@pytest.mark.parametrize("change", [{"id": "other"}, {"id": None}, {"resourceType": "Observation"}])
def test_an_update_must_name_type_and_id_of_the_url(database_url: str, change: Json) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        sent = {key: value for key, value in {**made, **change}.items() if value is not None}
        assert (await home.ask("PUT", f"/Patient/{made['id']}", sent)).status_code == 400

    in_house(database_url, visit)


def test_a_put_creates_in_the_id_space_of_its_facility_only(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.ask("PUT", "/Patient/F05-7", patient(id="F05-7"))
        assert (made.status_code, body(made)["id"]) == (201, "F05-7")
        for taken in ("F01-7", "seven", "F01-ICU-7", "F05", "f05-7", "F99-1"):
            assert (await home.ask("PUT", f"/Patient/{taken}", patient(id=taken))).status_code == 404
        ward = await home.ask("PUT", "/Patient/F01-ICU-7", patient(id="F01-ICU-7"), who="hospital")
        assert ward.status_code == 201

    in_house(database_url, visit)


def test_a_put_on_what_another_facility_has_looks_like_one_on_nothing(database_url: str) -> None:
    async def visit(home: House) -> None:
        theirs = await home.create(patient(), who="hospital")
        free = "a" * 26
        hidden = await home.ask("PUT", f"/Patient/{theirs['id']}", {**theirs, "gender": "other"})
        absent = await home.ask("PUT", f"/Patient/{free}", patient(id=free))
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        matched = await home.ask("PUT", f"/Patient/{theirs['id']}", theirs, if_match='W/"1"')
        assert (matched.status_code, matched.content) == (404, absent.content)
        new = await home.ask("PUT", f"/Patient/{theirs['id']}", theirs, if_none_match="*")
        assert (new.status_code, new.content) == (404, absent.content)

    in_house(database_url, visit)


def test_if_none_match_star_creates_and_never_updates(database_url: str) -> None:
    async def visit(home: House) -> None:
        sent = patient(id="F05-8")
        assert (await home.ask("PUT", "/Patient/F05-8", sent, if_none_match="*")).status_code == 201
        assert (await home.ask("PUT", "/Patient/F05-8", sent, if_none_match="*")).status_code == 412

    in_house(database_url, visit)


def test_the_patient_of_a_resource_does_not_change(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(observation("p1"))
        for subject in ({"reference": "Patient/p2"}, {"display": "nobody"}):
            answer = await home.ask("PUT", f"/Observation/{made['id']}", {**made, "subject": subject})
            assert (answer.status_code, code(answer)) == (422, "subject-changed")

    in_house(database_url, visit)


def test_an_update_adds_security_labels_and_removes_none(database_url: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

    async def visit(home: House) -> None:
        made = await home.create(patient(meta={"security": [{"system": system, "code": "R"}]}))
        path = f"/Patient/{made['id']}"
        lowered = {**patient(id=made["id"]), "meta": {"security": [{"system": system, "code": "N"}]}}
        labels = body(await home.ask("PUT", path, lowered))["meta"]["security"]
        assert [label["code"] for label in labels] == ["N", "R"]
        bare = body(await home.ask("PUT", path, patient(id=made["id"], gender="other")))
        assert [label["code"] for label in bare["meta"]["security"]] == ["N", "R"]

    in_house(database_url, visit)


def test_a_deleted_resource_can_be_put_back(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        path = f"/Patient/{made['id']}"
        await home.ask("DELETE", path)
        back = await home.ask("PUT", path, made)
        assert (back.status_code, back.headers["etag"]) == (201, 'W/"3"')
        assert (await home.ask("GET", path)).status_code == 200

    in_house(database_url, visit)


def test_a_conditional_update_updates_its_one_match(database_url: str) -> None:
    async def visit(home: House) -> None:
        url = "/Patient?identifier=urn:test:mrn|mrn-1"
        first = await home.ask("PUT", url, patient())
        second = await home.ask("PUT", url, patient(gender="other"))
        assert (first.status_code, second.status_code) == (201, 200)
        assert body(first)["id"] == body(second)["id"]
        other = await home.ask("PUT", url, patient(id="F05-x"))
        assert (other.status_code, code(other)) == (400, "id-mismatch")
        await home.create(patient())
        assert (await home.ask("PUT", url, patient())).status_code == 412

    in_house(database_url, visit)


def test_racing_conditional_updates_make_one_resource(database_url: str) -> None:
    async def visit(home: House) -> None:
        url = "/Patient?identifier=urn:test:mrn|mrn-1"
        await asyncio.gather(*(home.ask("PUT", url, patient()) for _ in range(16)))
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 1

    in_house(database_url, visit)


def test_a_conditional_update_without_a_criterion_is_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert (await home.ask("PUT", "/Patient", patient())).status_code == 400
        assert (await home.ask("PUT", "/Patient?_count=1", patient())).status_code == 400

    in_house(database_url, visit)


def test_of_conditional_updates_that_race_one_creates_and_none_is_lost(database_url: str) -> None:
    async def visit(home: House) -> None:
        url = "/Patient?identifier=urn:test:mrn|mrn-1"
        bodies = [patient(birthDate=f"19{n}-01-01") for n in range(60, 76)]
        answers = await asyncio.gather(*(home.ask("PUT", url, sent) for sent in bodies))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 15}
        assert all(body(answer)["birthDate"] == sent["birthDate"] for answer, sent in zip(answers, bodies, strict=True))
        made = {body(answer)["id"] for answer in answers}
        assert len(made) == 1
        assert len({answer.headers["etag"] for answer in answers}) == 16

    in_house(database_url, visit)


def test_of_conditional_updates_that_race_to_create_under_ids_of_theirs_one_wins(database_url: str) -> None:
    async def visit(home: House) -> None:
        url = "/Patient?identifier=urn:test:mrn|mrn-1"
        own = await asyncio.gather(*(home.ask("PUT", url, patient(id=f"F05-{n}")) for n in range(8)))
        assert Counter(answer.status_code for answer in own) == {201: 1, 400: 7}
        assert body(await home.ask("GET", "/Patient?_summary=count"))["total"] == 1
        same = [patient(id="F05-same", identifier=[{"value": "two"}], birthDate=f"195{n}") for n in range(8)]
        one = await asyncio.gather(*(home.ask("PUT", "/Patient?identifier=two", sent) for sent in same))
        assert Counter(answer.status_code for answer in one) == {201: 1, 200: 7}

    in_house(database_url, visit)


def test_a_conditional_update_that_may_not_create_leaves_its_criterion_free(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient(identifier=[{"value": "another"}]), who="hospital")
        url = "/Patient?identifier=urn:test:mrn|mrn-1"
        for sent in (patient(id="F01-foreign"), patient(id="server0side0id")):
            refused = await home.ask("PUT", url, sent)
            assert (refused.status_code, code(refused)) == (404, "not-yours")
        assert (await home.ask("PUT", url, patient())).status_code == 201

    in_house(database_url, visit)


def test_a_conditional_update_of_a_version_needs_a_match(database_url: str) -> None:
    async def visit(home: House) -> None:
        url = "/Patient?identifier=urn:test:mrn|mrn-1"
        refused = await home.ask("PUT", url, patient(), if_match='W/"1"')
        assert (refused.status_code, code(refused)) == (412, "no-match")
        assert (await home.ask("PUT", url, patient())).status_code == 201
        assert (await home.ask("PUT", url, patient(gender="other"), if_match='W/"2"')).status_code == 412
        assert (await home.ask("PUT", url, patient(gender="other"), if_match='W/"1"')).status_code == 200

    in_house(database_url, visit)


def test_a_conditional_reference_outside_a_transaction_is_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient())
        sent = observation("x") | {"subject": {"reference": "Patient?identifier=urn:test:mrn|mrn-1"}}
        for method, path, more in (("POST", "/Observation", {}), ("PUT", "/Observation/F05-o", {"id": "F05-o"})):
            refused = await home.ask(method, path, sent | more)
            assert (refused.status_code, code(refused)) == (422, "conditional-reference")
            assert "mrn-1" not in refused.text

    in_house(database_url, visit)
