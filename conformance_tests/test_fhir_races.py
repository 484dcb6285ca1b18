"""Clients that race over real sockets on a real PostgreSQL: none is lost, none is doubled, none is answered 500."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import pytest

from conformance_tests.doctor import Answer, Doctor
from conformance_tests.running_hub import running_hub

RACERS: Final = 32
PERSON: Final = "urn:uuid:8c5f3a70-0000-4000-8000-00000000000c"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doctor]:
    with running_hub(tmp_path_factory.mktemp("races")) as hub:
        yield Doctor(hub, hub.token("clinician", "F01"))


def race(*runs: Callable[[], Answer]) -> list[Answer]:
    """All at once."""
    with ThreadPoolExecutor(len(runs)) as clients:
        return [future.result() for future in [clients.submit(run) for run in runs]]


def statuses(answers: Sequence[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def patient(mrn: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:test:race", "value": mrn}], **elements}


def born(n: int) -> str:
    return f"19{50 + n}-01-01"


def observation(subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "血压"},
        "subject": {"reference": subject},
    }


def keyed(patient_id: str, key: str) -> dict[str, Any]:
    system, _, value = key.partition("|")
    return observation(f"Patient/{patient_id}") | {"identifier": [{"system": system, "value": value}]}


def entry(method: str, url: str, resource: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    full = {"fullUrl": PERSON} if url.startswith("Patient") and "/" not in url else {}
    body = {} if resource is None else {"resource": resource}
    return {**full, **body, "request": {"method": method, "url": url, **more}}


def transaction(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def found(hospital: Doctor, query: str) -> list[dict[str, Any]]:
    page = hospital.ask("GET", f"/{query}&_count=200").json
    return [hit["resource"] for hit in page.get("entry", [])]


@pytest.mark.parametrize(
    ("mrn", "person"),
    [
        ("create", entry("POST", "Patient", patient("create"), ifNoneExist="identifier=urn:test:race|create")),
        ("update", entry("PUT", "Patient?identifier=urn:test:race|update", patient("update"))),
    ],
)
def test_of_32_transactions_that_race_on_one_criterion_one_creates_and_all_are_written(
    hospital: Doctor, mrn: str, person: dict[str, Any]
) -> None:
    sent = transaction(person, entry("POST", "Observation", observation(PERSON)))
    answers = race(*[partial(hospital.ask, "POST", "", sent)] * RACERS)
    assert statuses(answers) == {200: RACERS}
    made = Counter(answer.json["entry"][0]["response"]["status"][:3] for answer in answers)
    assert made == {"201": 1, "200": RACERS - 1}
    people = found(hospital, f"Patient?identifier=urn:test:race|{mrn}")
    seen = found(hospital, f"Observation?patient.identifier=urn:test:race|{mrn}")
    assert len(people) == 1
    assert Counter(one["subject"]["reference"] for one in seen) == {f"Patient/{people[0]['id']}": RACERS}


@pytest.mark.parametrize("own", [{}, {"id": "F01-upsert"}])
def test_32_conditional_updates_of_what_is_not_there_make_one_resource_and_each_its_version(
    hospital: Doctor, own: dict[str, str]
) -> None:
    mrn = f"upsert{len(own)}"
    url = f"/Patient?identifier=urn:test:race|{mrn}"
    sent = [patient(mrn, birthDate=born(n), **own) for n in range(RACERS)]
    answers = race(*[partial(hospital.ask, "PUT", url, one) for one in sent])
    assert statuses(answers) == {201: 1, 200: RACERS - 1}
    assert [answer.json["birthDate"] for answer in answers] == [one["birthDate"] for one in sent]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert {answer.json["meta"]["versionId"] for answer in answers} == {str(n + 1) for n in range(RACERS)}


def test_of_32_updates_of_one_version_exactly_one_wins_in_each_round(hospital: Doctor) -> None:
    made = hospital.ask("POST", "/Patient", patient("rounds")).json
    for version in range(1, 6):
        sent = [{**made, "birthDate": born(n), "multipleBirthInteger": version} for n in range(RACERS)]
        put = partial(hospital.ask, "PUT", f"/Patient/{made['id']}", if_match=f'W/"{version}"')
        answers = race(*[partial(put, one) for one in sent])
        assert statuses(answers) == {200: 1, 412: RACERS - 1}
        winner = next(answer.json for answer in answers if answer.status == 200)
        assert hospital.ask("GET", f"/Patient/{made['id']}").json == winner
        assert winner["meta"]["versionId"] == str(version + 1)


def test_32_clients_that_try_again_until_they_win_lose_nothing(hospital: Doctor) -> None:
    made = hospital.ask("POST", "/Patient", patient("again")).json
    path = f"/Patient/{made['id']}"

    def until_won(n: int) -> Answer:
        while True:
            seen = hospital.ask("GET", path)
            given = [*seen.json.get("name", [{"given": []}])[0]["given"], str(n)]
            tried = hospital.ask("PUT", path, {**seen.json, "name": [{"given": given}]}, if_match=seen.headers["etag"])
            if tried.status != 412:
                return tried

    assert statuses(race(*[partial(until_won, n) for n in range(RACERS)])) == {200: RACERS}
    last = hospital.ask("GET", path).json
    assert sorted(last["name"][0]["given"]) == sorted(map(str, range(RACERS)))
    assert last["meta"]["versionId"] == str(RACERS + 1)


def test_updates_that_race_without_a_condition_keep_every_version(hospital: Doctor) -> None:
    made = hospital.ask("POST", "/Patient", patient("versions")).json
    path = f"/Patient/{made['id']}"
    answers = race(*[partial(hospital.ask, "PUT", path, {**made, "birthDate": born(n)}) for n in range(RACERS)])
    assert statuses(answers) == {200: RACERS}
    history = [hit["resource"] for hit in hospital.ask("GET", f"{path}/_history?_count=100").json["entry"]]
    assert [one["meta"]["versionId"] for one in history] == [str(n) for n in range(RACERS + 1, 0, -1)]
    assert sorted(one["birthDate"] for one in history[:-1]) == [born(n) for n in range(RACERS)]
    for answer in answers:
        assert history[-int(answer.json["meta"]["versionId"])] == answer.json


def test_transactions_that_lock_in_each_other_s_way_are_all_done(hospital: Doctor) -> None:
    ids = [f"F01-lock{n}" for n in range(6)]
    for rid in ids:
        assert hospital.ask("PUT", f"/Patient/{rid}", patient(rid, id=rid)).status == 201

    def run(n: int) -> Answer:
        order = random.Random(n).sample(ids, len(ids))
        puts = [entry("PUT", f"Patient/{rid}", patient(rid, id=rid, birthDate=born(n))) for rid in order]
        keys = random.Random(-n).sample(["urn:test:lock|0", "urn:test:lock|1", "urn:test:lock|2"], 3)
        new = [entry("POST", "Observation", keyed(order[0], key), ifNoneExist=f"identifier={key}") for key in keys]
        return hospital.ask("POST", "", transaction(*puts, *new))

    answers = race(*[partial(run, n) for n in range(RACERS)])
    assert statuses(answers) == {200: RACERS}
    assert len({hospital.ask("GET", f"/Patient/{rid}").json["birthDate"] for rid in ids}) == 1
    assert len(found(hospital, "Observation?identifier=urn:test:lock|")) == 3


def test_what_is_deleted_written_and_read_at_once_is_never_answered_with_a_defect(hospital: Doctor) -> None:
    path = "/Patient/F01-life"
    sent = patient("life", id="F01-life")
    criterion = "identifier=urn:test:race|life"
    ways = [
        partial(hospital.ask, "PUT", path, sent),
        partial(hospital.ask, "DELETE", path),
        partial(hospital.ask, "GET", path),
        partial(hospital.ask, "GET", f"{path}/_history"),
        partial(hospital.ask, "POST", "/Patient", sent, if_none_exist=criterion),
        partial(hospital.ask, "PUT", f"/Patient?{criterion}", patient("life")),
        partial(hospital.ask, "DELETE", f"/Patient?{criterion}"),
        partial(hospital.ask, "POST", "", transaction(entry("DELETE", f"Patient?{criterion}"))),
    ]
    answers = race(*itertools.islice(itertools.cycle(ways), 96))
    assert set(statuses(answers)) <= {200, 201, 204, 400, 404, 409, 410, 412}, statuses(answers)
    assert not [answer for answer in answers if answer.status >= 400 and "OperationOutcome" not in answer.body.decode()]
