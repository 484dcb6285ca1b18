"""Transactions: all or none, references between entries, conditions (R4 http.html#trules, attacks 14 to 16)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from hub.kernel.types import Issue, Json
from tests.api.house import BASE, House, body, code, in_house, observation, patient
from tests.api.test_batch import entry, statuses

PERSON = "urn:uuid:8c5f3a70-0000-4000-8000-000000000001"
OTHER = "urn:uuid:8c5f3a70-0000-4000-8000-000000000002"
CRITERION = "identifier=urn:test:mrn|mrn-1"


def transaction(*entries: Any) -> Json:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def at(url: str, made: Json) -> Json:
    return {"fullUrl": url, **made}


def location(answer: Any, index: int) -> str:
    """`Type/id` an entry was written to."""
    told: str = body(answer)["entry"][index]["response"]["location"]
    return told.partition("/_history")[0]


async def total(home: House, rtype: str) -> int:
    count: int = body(await home.ask("GET", f"/{rtype}?_summary=count"))["total"]
    return count


def of(reference: str, **elements: Any) -> Json:
    return {**observation("x"), "subject": {"reference": reference}, **elements}


def test_references_between_entries_become_the_ids_given(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(
            "POST",
            "",
            transaction(
                entry("POST", "Observation", of(PERSON, text={"status": "generated", "div": f"<a href='{PERSON}'/>"})),
                at(PERSON, entry("POST", "Patient", patient(identifier=[{"system": "s", "value": PERSON}]))),
            ),
        )
        assert body(answer)["type"] == "transaction-response"
        assert statuses(answer) == ["201", "201"]
        seen = body(await home.ask("GET", f"/{location(answer, 0)}"))
        assert seen["subject"]["reference"] == location(answer, 1)
        assert location(answer, 1) in seen["text"]["div"]
        person = body(await home.ask("GET", f"/{location(answer, 1)}"))
        assert person["identifier"][0]["value"] == PERSON

    in_house(database_url, visit)


def test_an_absolute_full_url_serves_relative_references_too(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(
            "POST",
            "",
            transaction(
                at("http://old.example/fhir/Patient/1", entry("POST", "Patient", patient())),
                at("http://old.example/fhir/Observation/1", entry("POST", "Observation", of("Patient/1"))),
                at(
                    "http://old.example/fhir/Observation/2",
                    entry("POST", "Observation", of("http://old.example/fhir/Patient/1")),
                ),
            ),
        )
        for index in (1, 2):
            seen = body(await home.ask("GET", f"/{location(answer, index)}"))
            assert seen["subject"]["reference"] == location(answer, 0)

    in_house(database_url, visit)


def test_deletes_come_before_creates_and_reads_see_everything(database_url: str) -> None:
    async def visit(home: House) -> None:
        old = await home.create(patient())
        answer = await home.ask(
            "POST",
            "",
            transaction(
                entry("GET", "Patient?identifier=urn:test:mrn|mrn-1"),
                entry("PUT", "Patient/F05-1", patient(id="F05-1")),
                entry("POST", "Patient", patient()),
                entry("DELETE", f"Patient/{old['id']}"),
            ),
        )
        assert statuses(answer) == ["200", "201", "201", "204"]
        assert body(answer)["entry"][0]["resource"]["total"] == 2

    in_house(database_url, visit)


BAD_ENTRIES: list[tuple[Json, str, int]] = [
    (entry("POST", "Consent", {"resourceType": "Consent"}), "Bundle.entry[1]", 403),
    (entry("PUT", "Patient/absent", patient(id="absent")), "Bundle.entry[1]", 404),
    (entry("PUT", "Patient/F05-1", patient(id="F05-2")), "Bundle.entry[1].resource.id", 400),
    (entry("DELETE", "Patient/absent"), "Bundle.entry[1]", 404),
    (entry("POST", "Patient", {"resourceType": "Observation"}), "Bundle.entry[1].resource.resourceType", 422),
    (entry("POST", "Patient"), "Bundle.entry[1]", 422),
    (entry("GET", "Patient", patient()), "Bundle.entry[1]", 422),
    (entry("GET", "Nonsense"), "Bundle.entry[1].request.url", 404),
    (entry("OPTIONS", "Patient/1"), "Bundle.entry[1].request.url", 405),
    (entry("POST", "http://elsewhere.example/Patient", patient()), "Bundle.entry[1].request.url", 422),
    (entry("POST", "", patient()), "Bundle.entry[1]", 422),
    (entry("POST", "Patient", patient(), ifNoneExist="_count=1"), "Bundle.entry[1].request.ifNoneExist", 400),
    (entry("POST", "Observation", of("Patient?identifier=nobody")), "Bundle.entry[1]", 412),
    ({"resource": patient()}, "Bundle.entry[1]", 422),
    ({"request": 7}, "Bundle.entry[1]", 422),
    ({"request": {"method": "GET", "url": 7}}, "Bundle.entry[1]", 422),
    ({**entry("POST", "Patient", patient()), "fullUrl": 7}, "Bundle.entry[1]", 422),
]


@pytest.mark.parametrize(("bad", "where", "status"), BAD_ENTRIES)
def test_one_bad_entry_refuses_all_and_is_named(database_url: str, bad: Json, where: str, status: int) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "", transaction(entry("POST", "Patient", patient()), bad))
        assert answer.status_code == status, answer.text
        assert where in body(answer)["issue"][0]["diagnostics"]
        assert await total(home, "Patient") == 0

    in_house(database_url, visit)


def test_a_complaint_about_a_resource_names_the_entry_and_the_element(database_url: str) -> None:
    def validate(resource: Json) -> list[Issue]:
        wrong = Issue(severity="error", where="Patient.gender", code="code-invalid", text="is not in the value set")
        return [wrong] if resource.get("gender") == "?" else []

    async def visit(home: House) -> None:
        entries = [entry("POST", "Patient", patient()), entry("POST", "Patient", patient(gender="?"))]
        answer = await home.ask("POST", "", transaction(*entries))
        assert answer.status_code == 422
        assert body(answer)["issue"][0]["expression"] == ["Bundle.entry[1].resource.gender"]
        assert await total(home, "Patient") == 0

    in_house(database_url, visit, validate=validate)


@pytest.mark.parametrize(
    "entries",
    [
        [entry("PUT", "Patient/F05-1", patient(id="F05-1")), entry("DELETE", "Patient/F05-1")],
        [entry("PUT", "Patient/F05-1", patient(id="F05-1"))] * 2,
        [at(PERSON, entry("POST", "Patient", patient())), at(PERSON, entry("POST", "Patient", patient()))],
        [entry("PUT", f"Patient?{CRITERION}", patient())] * 2,
        [entry("PUT", f"Patient?{CRITERION}", patient()), entry("POST", "Patient", patient(), ifNoneExist=CRITERION)],
    ],
)
def test_two_entries_about_one_resource_are_refused(database_url: str, entries: list[Json]) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "", transaction(*entries))
        assert answer.status_code == 422
        assert "Bundle.entry[1]: is about the same resource as Bundle.entry[0]" in answer.text
        assert await total(home, "Patient") == 0

    in_house(database_url, visit)


@pytest.mark.parametrize("other", [CRITERION, f"Patient?{CRITERION}"])
def test_conditional_creates_alike_make_one_resource_that_references_to_each_of_them_mean(
    database_url: str, other: str
) -> None:
    """R4 http.html#trules: the order of the entries makes no difference; of the same things, none does."""

    async def visit(home: House) -> None:
        sent = transaction(
            at(PERSON, entry("POST", "Patient", patient(), ifNoneExist=CRITERION)),
            at(OTHER, entry("POST", "Patient", patient(id="x", meta={"versionId": "9"}), ifNoneExist=other)),
            entry("POST", "Observation", of(PERSON)),
            entry("POST", "Observation", of(OTHER)),
            entry("POST", "Observation", of(f"Patient?{CRITERION}")),
        )
        answer = await home.ask("POST", "", sent, prefer="return=representation")
        assert statuses(answer) == ["201", "200", "201", "201", "201"], answer.text
        made, found = body(answer)["entry"][:2]
        assert made["resource"] == found["resource"]
        assert made["response"]["location"] == found["response"]["location"]
        subjects = [body(await home.ask("GET", f"/{location(answer, i)}"))["subject"]["reference"] for i in (2, 3, 4)]
        assert subjects == [location(answer, 0)] * 3
        assert statuses(await home.ask("POST", "", sent)) == ["200", "200", "201", "201", "201"]
        assert await total(home, "Patient") == 1

    in_house(database_url, visit)


@pytest.mark.parametrize("first", [0, 1])
def test_conditional_creates_of_unlike_things_by_one_criterion_are_refused_in_either_order(
    database_url: str, first: int
) -> None:
    async def visit(home: House) -> None:
        pair = [entry("POST", "Patient", patient(gender=g), ifNoneExist=CRITERION) for g in ("male", "female")]
        answer = await home.ask("POST", "", transaction(pair[first], pair[1 - first]))
        assert (answer.status_code, code(answer)) == (422, "entry")
        assert "Bundle.entry[1]: has the criterion of Bundle.entry[0] and another content" in answer.text
        assert await total(home, "Patient") == 0
        made = await home.create(patient())
        answer = await home.ask("POST", "", transaction(*pair))
        assert statuses(answer) == ["200", "200"]
        assert location(answer, 0) == location(answer, 1) == f"Patient/{made['id']}"

    in_house(database_url, visit)


def test_a_criterion_is_the_same_in_whatever_order_it_names_its_parameters(database_url: str) -> None:
    async def visit(home: House) -> None:
        pair = [
            entry("POST", "Patient", patient(), ifNoneExist=criterion)
            for criterion in (f"{CRITERION}&gender=female", f"gender=female&{CRITERION}")
        ]
        assert statuses(await home.ask("POST", "", transaction(*pair))) == ["201", "200"]
        assert await total(home, "Patient") == 1

    in_house(database_url, visit)


def test_a_conditional_create_that_finds_lends_its_match_to_references(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        answer = await home.ask(
            "POST",
            "",
            transaction(
                at(PERSON, entry("POST", "Patient", patient(), ifNoneExist=CRITERION)),
                entry("POST", "Observation", of(PERSON)),
            ),
        )
        assert statuses(answer) == ["200", "201"]
        seen = body(await home.ask("GET", f"/{location(answer, 1)}"))
        assert seen["subject"]["reference"] == f"Patient/{made['id']}"
        assert await total(home, "Patient") == 1

    in_house(database_url, visit)


def test_conditional_references_find_what_is_there_or_made_beside_them(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        beside = patient(identifier=[{"system": "urn:test:mrn", "value": "mrn-2"}])
        answer = await home.ask(
            "POST",
            "",
            transaction(
                entry("POST", "Observation", of(f"Patient?{CRITERION}")),
                entry("POST", "Observation", of("Patient?identifier=urn:test:mrn%7Cmrn-2")),
                entry("POST", "Patient", beside, ifNoneExist="identifier=urn:test:mrn|mrn-2"),
            ),
        )
        assert statuses(answer) == ["201", "201", "201"]
        subjects = [body(await home.ask("GET", f"/{location(answer, i)}"))["subject"]["reference"] for i in (0, 1)]
        assert subjects == [f"Patient/{made['id']}", location(answer, 2)]

    in_house(database_url, visit)


def test_conditional_references_are_resolved_after_the_writes_of_their_transaction(database_url: str) -> None:
    """R4 http.html#trules: step 5, after deletions, creates and updates."""

    async def visit(home: House) -> None:
        old = await home.create(patient())
        new = patient(identifier=[{"system": "urn:test:mrn", "value": "mrn-2"}])
        sent = (
            entry("POST", "Observation", of("Patient?identifier=urn:test:mrn|mrn-2")),
            entry("POST", "Patient", new),
            entry("PUT", f"Patient/{old['id']}", {**old, "identifier": [{"system": "urn:a", "value": "moved"}]}),
            entry("POST", "Observation", of("Patient?identifier=urn:a|moved&gender=female")),
            entry("POST", "Observation", of(f"Patient?_id={old['id']}")),
        )
        answer = await home.ask("POST", "", transaction(*sent))
        assert statuses(answer) == ["201", "201", "200", "201", "201"], answer.text
        subjects = [body(await home.ask("GET", f"/{location(answer, i)}"))["subject"]["reference"] for i in (0, 3, 4)]
        assert subjects == [location(answer, 1), f"Patient/{old['id']}", f"Patient/{old['id']}"]
        for query, told in (("identifier=mrn-2", "several-matches"), ("identifier=urn:test:mrn|mrn-1", "no-match")):
            again = await home.ask(
                "POST",
                "",
                transaction(entry("POST", "Patient", new), entry("POST", "Observation", of(f"Patient?{query}"))),
            )
            assert (again.status_code, code(again)) == (412, told)
        moved = (
            entry("DELETE", f"Patient/{location(answer, 1).partition('/')[2]}"),
            entry("POST", "Observation", of("Patient?identifier=mrn-2")),
        )
        assert (await home.ask("POST", "", transaction(*moved))).status_code == 412

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("family=MULL&birthdate=1958", True),
        ("family=Müller,x", True),
        ("family=Muellers", False),
        ("birthdate=ge1958-04-12&birthdate=lt1958-04-13", True),
        ("birthdate=gt1958-04-12", False),
        ("name=沈", True),
        ("link=Patient/F05-other&gender=female", True),
        ("link=F05-other", True),
        ("link=Patient/F05-another", False),
        ("telecom=phone|13800990001", True),
        ("telecom=email|13800990001", False),
        ("active=http://hl7.org/fhir/special-values|true", True),
    ],
)
def test_conditional_references_find_what_is_made_beside_them_by_names_dates_and_references(
    database_url: str, query: str, found: bool
) -> None:
    """R4 http.html#trules: step 5."""

    async def visit(home: House) -> None:
        link = [{"other": {"reference": "Patient/F05-other"}, "type": "seealso"}]
        called = {"name": [{"family": "Müller"}, {"text": "沈桂兰"}], "birthDate": "1958-04-12", "active": True}
        made = patient(**called, link=link, telecom=[{"system": "phone", "value": "13800990001"}])
        sent = transaction(entry("POST", "Observation", of(f"Patient?{query}")), entry("POST", "Patient", made))
        answer = await home.ask("POST", "", sent)
        if not found:
            assert (answer.status_code, code(answer)) == (412, "no-match")
            return
        assert statuses(answer) == ["201", "201"], answer.text
        seen = body(await home.ask("GET", f"/{location(answer, 0)}"))
        assert seen["subject"]["reference"] == location(answer, 1)
        again = await home.ask("POST", "", sent)
        assert (again.status_code, code(again)) == (412, "several-matches")

    in_house(database_url, visit)


def test_a_conditional_reference_finds_a_token_on_a_string_in_any_case(database_url: str) -> None:
    async def visit(home: House) -> None:
        person = await home.create(patient())
        made = {"resourceType": "Medication", "batch": {"lotNumber": "Lot-7A"}}
        result = of(f"Patient/{person['id']}") | {"focus": [{"reference": "Medication?lot-number=LOT-7a"}]}
        answer = await home.ask(
            "POST", "", transaction(entry("POST", "Observation", result), entry("POST", "Medication", made))
        )
        assert statuses(answer) == ["201", "201"], answer.text
        seen = body(await home.ask("GET", f"/{location(answer, 0)}"))
        assert seen["focus"] == [{"reference": location(answer, 1)}]

    in_house(database_url, visit)


def test_a_conditional_reference_does_not_see_what_the_actor_may_not(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient(), who="hospital")
        hidden = await home.ask("POST", "", transaction(entry("POST", "Observation", of(f"Patient?{CRITERION}"))))
        absent = await home.ask("POST", "", transaction(entry("POST", "Observation", of("Patient?identifier=no"))))
        assert (hidden.status_code, hidden.content) == (412, absent.content)
        assert code(hidden) == "no-match"

    in_house(database_url, visit)


def test_a_conditional_reference_with_several_matches_is_refused(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient())
        await home.create(patient())
        answer = await home.ask("POST", "", transaction(entry("POST", "Observation", of(f"Patient?{CRITERION}"))))
        assert (answer.status_code, code(answer)) == (412, "several-matches")

    in_house(database_url, visit)


def test_racing_transactions_with_one_criterion_make_one_patient_and_all_their_observations(database_url: str) -> None:
    async def visit(home: House) -> None:
        sent = transaction(
            at(PERSON, entry("POST", "Patient", patient(), ifNoneExist=CRITERION)),
            entry("POST", "Observation", of(PERSON)),
        )
        answers = await asyncio.gather(*(home.ask("POST", "", sent) for _ in range(16)))
        assert Counter(statuses(answer)[0] for answer in answers) == {"201": 1, "200": 15}
        assert (await total(home, "Patient"), await total(home, "Observation")) == (1, 16)
        person = location(answers[0], 0)
        found = body(await home.ask("GET", f"/Observation?patient={person}&_summary=count"))
        assert found["total"] == 16

    in_house(database_url, visit)


def test_a_criterion_whose_holder_was_deleted_is_free_in_a_transaction(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient(), if_none_exist=CRITERION)
        await home.ask("DELETE", f"/Patient/{made['id']}")
        sent = transaction(entry("POST", "Patient", patient(), ifNoneExist=CRITERION))
        assert statuses(await home.ask("POST", "", sent)) == ["201"]
        assert statuses(await home.ask("POST", "", sent)) == ["200"]

    in_house(database_url, visit)


def test_what_a_transaction_deletes_is_no_match_of_its_conditional_creates(database_url: str) -> None:
    """Deletions are processed first: a create that found what goes would leave its client with nothing (trules)."""

    async def visit(home: House) -> None:
        made = await home.create(patient(), if_none_exist=CRITERION)
        for url in (f"Patient/{made['id']}", f"Patient?{CRITERION}"):
            answer = await home.ask(
                "POST",
                "",
                transaction(
                    at(PERSON, entry("POST", "Patient", patient(), ifNoneExist=CRITERION)),
                    entry("DELETE", url),
                    entry("POST", "Observation", of(PERSON)),
                ),
            )
            assert statuses(answer) == ["201", "204", "201"], answer.text
            anew = location(answer, 0)
            assert (await home.ask("GET", f"/{anew}")).status_code == 200
            assert body(await home.ask("GET", f"/{location(answer, 2)}"))["subject"]["reference"] == anew
        assert await total(home, "Patient") == 1

    in_house(database_url, visit)


def test_a_conditional_reference_does_not_find_what_the_same_criterion_deletes(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.create(patient())
        searching = entry("POST", "Observation", of(f"Patient?{CRITERION}"))
        answer = await home.ask("POST", "", transaction(searching, entry("DELETE", f"Patient?{CRITERION}")))
        assert (answer.status_code, code(answer)) == (412, "no-match")
        assert await total(home, "Patient") == 1

    in_house(database_url, visit)


def test_conditional_urls_update_and_delete_their_match(database_url: str) -> None:
    async def visit(home: House) -> None:
        made = await home.create(patient())
        gone = await home.create(patient(identifier=[{"system": "urn:test:mrn", "value": "mrn-2"}]))
        answer = await home.ask(
            "POST",
            "",
            transaction(
                at(PERSON, entry("PUT", f"Patient?{CRITERION}", patient(gender="other"))),
                entry("DELETE", "Patient?identifier=urn:test:mrn|mrn-2"),
                entry("DELETE", "Patient?identifier=urn:test:mrn|mrn-3"),
                entry("PUT", "Patient?identifier=urn:test:mrn|mrn-4", patient(identifier=[])),
                entry("POST", "Observation", of(PERSON)),
            ),
        )
        assert statuses(answer) == ["200", "204", "204", "201", "201"]
        assert location(answer, 0) == f"Patient/{made['id']}"
        assert (await home.ask("GET", f"/Patient/{gone['id']}")).status_code == 410
        assert body(await home.ask("GET", f"/{location(answer, 4)}"))["subject"]["reference"] == location(answer, 0)

    in_house(database_url, visit)


def test_the_client_may_prefer_the_resources_in_the_answer(database_url: str) -> None:
    async def visit(home: House) -> None:
        sent = transaction(entry("POST", "Patient", patient()))
        assert "resource" not in body(await home.ask("POST", "", sent))["entry"][0]
        whole = await home.ask("POST", "", sent, prefer="return=representation")
        assert body(whole)["entry"][0]["resource"]["gender"] == "female"

    in_house(database_url, visit)


def test_a_full_url_of_this_server_may_stand_in_the_request(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "", transaction(entry("POST", f"{BASE}/Patient", patient())))
        assert statuses(answer) == ["201"]

    in_house(database_url, visit)


def test_racing_transactions_with_one_conditional_update_make_one_patient_and_lose_no_observation(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        def one(n: int) -> Json:
            return transaction(
                at(PERSON, entry("PUT", f"Patient?{CRITERION}", patient(birthDate=f"195{n}"))),
                entry("POST", "Observation", of(PERSON)),
                entry("POST", "Observation", of(f"Patient?{CRITERION}")),
            )

        answers = await asyncio.gather(*(home.ask("POST", "", one(n)) for n in range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert sorted(statuses(answer)[0] for answer in answers) == ["200"] * 7 + ["201"]
        made = location(answers[0], 0)
        found = body(await home.ask("GET", "/Observation?_count=100"))["entry"]
        assert Counter(hit["resource"]["subject"]["reference"] for hit in found) == {made: 16}

    in_house(database_url, visit)


def test_relative_references_reach_a_conditional_update_too(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(
            "POST",
            "",
            transaction(
                at("http://his.test/Patient/17", entry("PUT", f"Patient?{CRITERION}", patient())),
                entry("POST", "Observation", of("Patient/17")),
            ),
        )
        seen = body(await home.ask("GET", f"/{location(answer, 1)}"))
        assert seen["subject"]["reference"] == location(answer, 0)

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("bad", "where", "says", "status"),
    [
        (entry("PUT", "Patient/F05-1", patient(id="F05-1"), ifMatch="7"), ".request.ifMatch", "if-match", 400),
        (entry("PUT", f"Patient?{CRITERION}", patient(), ifMatch='W/"7"'), ".request.ifMatch", "no-match", 412),
        (entry("PUT", "Patient?birthdate=badword", patient()), ": birthdate", "search-value", 400),
        (entry("POST", "Patient", patient(), ifNoneExist="shoe=badword"), ": shoe", "unknown-parameter", 400),
        (entry("POST", "Observation", of("Patient?shoe=badword")), ": shoe", "unknown-parameter", 400),
        (entry("DELETE", f"Patient?{CRITERION}", ifMatch='W/"7"'), ".request.ifMatch", "no-match", 412),
        (entry("POST", "Patient?secret=word", patient()), ".request.url", "unknown-parameter", 400),
        (entry("DELETE", "Patient/F05-1?secret=word"), ".request.url", "unknown-parameter", 400),
    ],
)
def test_a_refusal_names_the_part_of_the_entry_and_repeats_nothing(
    database_url: str, bad: Json, where: str, says: str, status: int
) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask("POST", "", transaction(entry("POST", "Patient", patient()), bad))
        assert (answer.status_code, code(answer)) == (status, says)
        assert body(answer)["issue"][0]["diagnostics"].startswith(f"Bundle.entry[1]{where}: ")
        assert "word" not in answer.text
        assert await total(home, "Patient") == 0

    in_house(database_url, visit)


def test_what_is_said_about_an_entry_stands_in_its_outcome(database_url: str) -> None:
    async def visit(home: House) -> None:
        for kind in ("batch", "transaction"):
            sent = transaction(entry("POST", "Patient", patient())) | {"type": kind}
            made = body(await home.ask("POST", "", sent, prefer="return=OperationOutcome"))["entry"][0]
            assert "resource" not in made
            assert made["response"]["outcome"]["resourceType"] == "OperationOutcome"

    in_house(database_url, visit)


def test_a_feed_finds_by_identifier_what_its_facility_wrote_and_reads_none_of_it(database_url: str) -> None:
    """A GP workstation sends the same transaction again and again; its role reads no records."""

    async def visit(home: House) -> None:
        await home.create(patient(), who="hospital")
        sent = transaction(
            at(PERSON, entry("POST", "Patient", patient(), ifNoneExist=CRITERION)),
            entry("POST", "Observation", of(PERSON)),
        )
        first, again = [await home.ask("POST", "", sent, who="feed", prefer="return=representation") for _ in range(2)]
        assert (statuses(first), statuses(again)) == (["201", "201"], ["200", "201"])
        assert location(first, 0) == location(again, 0)
        assert "resource" not in body(again)["entry"][0]
        by_reference = transaction(entry("POST", "Observation", of(f"Patient?{CRITERION}")))
        assert statuses(await home.ask("POST", "", by_reference, who="feed")) == ["201"]
        alone = await home.ask("POST", "/Patient", patient(), who="feed", if_none_exist=CRITERION)
        assert (alone.status_code, alone.content) == (200, b"")
        assert alone.headers["location"].split("/fhir/")[-1].startswith(location(first, 0))
        changed = await home.ask("PUT", f"/Patient?{CRITERION}", patient(gender="male"), who="feed")
        assert changed.status_code == 200
        for criterion in ("name=wang", "identifier:not=x|y", "general-practitioner.name=a"):
            refused = await home.ask("POST", "/Patient", patient(), who="feed", if_none_exist=criterion)
            assert (refused.status_code, code(refused)) == (400, "criterion-of-feed"), refused.text
        assert (await home.ask("GET", f"/{location(first, 0)}", who="feed")).status_code == 403
        assert (await home.ask("GET", f"/Patient?{CRITERION}", who="feed")).status_code == 403
        assert await total(home, "Patient") == 1, "the hospital's is another registration, and hidden from the clinic"

    in_house(database_url, visit)
