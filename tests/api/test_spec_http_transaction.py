"""What R4 says of batch and transaction, each statement a test.

https://hl7.org/fhir/R4/http.html#transaction, #brules, #trules, #transaction-response, and bundle.html#references
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.api.house import BASE, House, body, code, in_house, observation, patient
from tests.api.test_batch import batch, entry, statuses
from tests.api.test_transaction import at, location, total, transaction

A: Final = "urn:uuid:8c5f3a70-0000-4000-8000-0000000000aa"
B: Final = "urn:uuid:8c5f3a70-0000-4000-8000-0000000000bb"
MRN: Final = "identifier=urn:test:mrn|mrn-1"


def visited(url: str, visit: Any) -> None:
    in_house(url, visit, validate=validate)


def of(reference: str, **elements: Any) -> Json:
    return observation("x", subject={"reference": reference}, **elements)


async def read(home: House, path: str) -> Any:
    return body(await home.ask("GET", f"/{path}"))


@pytest.mark.parametrize(("kind", "told"), [("batch", "batch-response"), ("transaction", "transaction-response")])
def test_the_response_has_one_entry_for_each_of_the_request_in_the_same_order(
    database_url: str, kind: str, told: str
) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-gone", patient(id="F05-gone", identifier=[{"value": "gone"}]))
        await home.ask("PUT", "/Patient/F05-old", patient(id="F05-old", identifier=[{"value": "old"}]))
        sent = [
            entry("GET", "Patient/F05-old"),
            entry("PUT", "Patient/F05-old", patient(id="F05-old", gender="other")),
            entry("POST", "Patient", patient(identifier=[{"value": "new"}])),
            entry("DELETE", "Patient/F05-gone"),
            entry("GET", "Patient?identifier=new"),
        ]
        answer = await home.ask("POST", "", {**batch(*sent), "type": kind})
        assert (answer.status_code, body(answer)["type"]) == (200, told)
        assert statuses(answer) == ["200", "200", "201", "204", "200"]
        made = body(answer)["entry"]
        assert made[0]["resource"]["gender"] == "other"  # reads come last
        assert made[4]["resource"]["total"] == 1
        assert [one["response"].get("etag") for one in made] == ['W/"2"', 'W/"2"', 'W/"1"', 'W/"2"', None]
        assert made[2]["response"]["location"].endswith("/_history/1")

    visited(database_url, visit)


def test_each_entry_of_a_batch_is_a_request_of_its_own_and_a_failure_stands_in_its_entry(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(
            "POST",
            "",
            batch(
                entry("POST", "Patient", patient(gender="x")),
                entry("POST", "Patient", patient()),
                entry("GET", "Patient/nobody"),
                entry("DELETE", "Patient/F05-1/_history"),
                entry("POST", "Patient?shoe=44", patient()),
                {"resource": patient()},
            ),
        )
        assert answer.status_code == 200
        assert statuses(answer) == ["422", "201", "404", "405", "400", "422"]
        failed = [e["response"]["outcome"] for e in body(answer)["entry"] if e["response"]["status"][0] == "4"]
        assert [outcome["resourceType"] for outcome in failed] == ["OperationOutcome"] * 5

    visited(database_url, visit)


def test_a_transaction_processes_delete_then_post_then_put_then_get(database_url: str) -> None:
    async def visit(home: House) -> None:
        """The same identifier is deleted, created on the condition that it is not there, and found."""
        await home.ask("PUT", "/Patient/F05-old", patient(id="F05-old"))
        await home.ask("PUT", "/Patient/F05-two", patient(id="F05-two", identifier=[{"value": "two"}]))
        answer = await home.ask(
            "POST",
            "",
            transaction(
                entry("GET", f"Patient?{MRN}"),
                entry("PUT", "Patient/F05-two", patient(id="F05-two", gender="unknown")),
                entry("POST", "Patient", patient(gender="other")),
                entry("DELETE", "Patient/F05-old"),
            ),
        )
        assert statuses(answer) == ["200", "200", "201", "204"]
        found = body(answer)["entry"][0]["resource"]["entry"]
        assert sorted(hit["resource"]["gender"] for hit in found) == ["other", "unknown"]

    visited(database_url, visit)


def test_for_a_failed_transaction_there_is_one_outcome_that_names_the_entry_and_nothing_is_written(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F01-x", patient(id="F01-x"), who="hospital")
        good = [at(A, entry("POST", "Patient", patient())), entry("POST", "Observation", of(A))]
        for bad, status in (
            (entry("POST", "Patient", patient(gender="x")), 422),
            (entry("PUT", "Patient/F01-x", patient(id="F01-x")), 404),
            (entry("DELETE", "Patient/F01-never"), 404),
            (entry("PUT", "Patient/F05-1", patient(id="F05-2")), 400),
            (entry("PUT", "Patient/F05-1", patient(id="F05-1"), ifMatch='W/"3"'), 412),
            (entry("POST", "Observation", patient()), 422),
            (entry("POST", "Consent", {"resourceType": "Consent"}), 403),
            (entry("BREW", "Patient", patient()), 405),
            (entry("POST", "Pupil", patient()), 404),
            (entry("POST", "Observation", of("Patient?identifier=none|0")), 412),
        ):
            answer = await home.ask("POST", "", transaction(*good, bad))
            assert (answer.status_code, body(answer)["resourceType"]) == (status, "OperationOutcome"), bad
            (issue,) = body(answer)["issue"]
            assert "Bundle.entry[2]" in issue["diagnostics"] + str(issue.get("expression")), issue
            assert (await total(home, "Patient"), await total(home, "Observation")) == (0, 0)

    visited(database_url, visit)


def test_references_between_entries_may_be_circular(database_url: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(
            "POST",
            "",
            transaction(
                at(A, entry("POST", "Patient", patient(link=[{"other": {"reference": B}, "type": "seealso"}]))),
                at(B, entry("POST", "Patient", patient(link=[{"other": {"reference": A}, "type": "seealso"}]))),
            ),
        )
        one, other = location(answer, 0), location(answer, 1)
        assert (await read(home, one))["link"][0]["other"]["reference"] == other
        assert (await read(home, other))["link"][0]["other"]["reference"] == one

    visited(database_url, visit)


@pytest.mark.parametrize(
    ("full", "reference"),
    [
        (A, A),
        ("urn:oid:1.2.36.146", "urn:oid:1.2.36.146"),
        ("http://his.test/fhir/Patient/17", "http://his.test/fhir/Patient/17"),
        ("http://his.test/fhir/Patient/17", "Patient/17"),
        (f"{BASE}/Patient/17", "Patient/17"),
        (f"{BASE}/Patient/17", f"{BASE}/Patient/17"),
    ],
)
def test_a_reference_to_a_full_url_becomes_the_id_the_server_gave(database_url: str, full: str, reference: str) -> None:
    async def visit(home: House) -> None:
        answer = await home.ask(
            "POST",
            "",
            transaction(
                at(B, entry("POST", "Observation", of(reference))), at(full, entry("POST", "Patient", patient(id="17")))
            ),
        )
        assert statuses(answer) == ["201", "201"]
        made = location(answer, 1)
        assert made != "Patient/17"
        assert (await read(home, location(answer, 0)))["subject"]["reference"] == made

    visited(database_url, visit)


@pytest.mark.parametrize(
    ("full", "reference", "becomes"),
    [
        (A, f"{A}/_history/9", "made/_history/1"),
        ("http://his.test/fhir/Patient/17", "http://his.test/fhir/Patient/17/_history/4", "made/_history/1"),
        ("http://his.test/fhir/Patient/17", "Patient/17/_history/4", "made/_history/1"),
        (A, "Patient/F05-other/_history/4", "Patient/F05-other/_history/4"),
    ],
)
def test_a_reference_to_a_version_stays_one_of_the_version_that_is_made(
    database_url: str, full: str, reference: str, becomes: str
) -> None:
    """ "Version-specific references should remain as version-specific references after [they] have been updated." """

    async def visit(home: House) -> None:
        assert (await home.ask("PUT", "/Patient/F05-other", patient(id="F05-other"))).status_code == 201
        sent = transaction(
            at(B, entry("POST", "Observation", of("Patient/F05-other", focus=[{"reference": reference}]))),
            at(full, entry("POST", "Patient", patient(id="17"))),
        )
        answer = await home.ask("POST", "", sent)
        assert statuses(answer) == ["201", "201"]
        (told,) = (await read(home, location(answer, 0)))["focus"]
        assert told["reference"] == becomes.replace("made", location(answer, 1))

    visited(database_url, visit)


def test_a_reference_to_a_version_of_what_was_there_is_one_of_the_version_that_is_found(database_url: str) -> None:
    async def visit(home: House) -> None:
        for gender in ("female", "male"):
            kept = patient(id="F05-1", gender=gender)
            assert (await home.ask("PUT", "/Patient/F05-1", kept)).status_code in (200, 201)
        found = entry("POST", "Patient", patient())
        found["request"]["ifNoneExist"] = "_id=F05-1"
        updated = entry("PUT", "Patient/F05-1", patient(id="F05-1", gender="other"))
        for full, becomes in ((found, "Patient/F05-1/_history/2"), (updated, "Patient/F05-1")):
            sent = transaction(
                at(B, entry("POST", "Observation", of("Patient/F05-1", focus=[{"reference": f"{A}/_history/7"}]))),
                at(A, full),
            )
            answer = await home.ask("POST", "", sent)
            assert answer.status_code == 200, answer.text
            assert (await read(home, location(answer, 0)))["focus"] == [{"reference": becomes}]

    visited(database_url, visit)


@pytest.mark.parametrize("stray", ["urn:uuid:8c5f3a70-0000-4000-8000-0000000000ff", "urn:oid:1.2.36.147"])
def test_a_reference_that_only_a_bundle_resolves_and_this_one_does_not_refuses_the_whole(
    database_url: str, stray: str
) -> None:
    """R4 bundle.html#references: a urn:uuid or urn:oid is found by fullUrl, or not at all."""
    inside = {"resourceType": "Provenance", "id": "p", "target": [{"reference": stray}]}
    sent = [
        (of(stray), "subject.reference"),
        (of(A, performer=[{"reference": A}, {"reference": stray}]), "performer[1].reference"),
        (of(A, extension=[{"url": "urn:x", "valueReference": {"reference": stray}}]), "extension[0].valueReference"),
        (of(A, contained=[inside]), "contained[0].target[0].reference"),
    ]

    async def visit(home: House) -> None:
        for resource, path in sent:
            whole = transaction(at(A, entry("POST", "Patient", patient())), entry("POST", "Observation", resource))
            answer = await home.ask("POST", "", whole)
            assert (answer.status_code, code(answer)) == (422, "unresolved-reference")
            assert f"Bundle.entry[1].resource.{path}" in answer.text
            assert stray not in answer.text
        assert (await total(home, "Patient"), await total(home, "Observation")) == (0, 0)

    visited(database_url, visit)


def test_names_that_are_no_references_and_references_of_a_document_stay_as_they_are(database_url: str) -> None:
    stray = "urn:uuid:8c5f3a70-0000-4000-8000-0000000000ff"
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": stray, "resource": patient()}, {"fullUrl": B, "resource": of(stray)}],
    }

    async def visit(home: House) -> None:
        named = patient(identifier=[{"system": stray, "value": "urn:uuid:x"}])
        whole = transaction(entry("POST", "Patient", named), entry("POST", "Bundle", document))
        answer = await home.ask("POST", "", whole)
        assert statuses(answer) == ["201", "201"]
        assert (await read(home, location(answer, 0)))["identifier"] == named["identifier"]
        kept = await read(home, location(answer, 1))
        assert kept["entry"][1]["resource"]["subject"]["reference"] == stray

    visited(database_url, visit)


def test_a_full_url_stands_once_and_a_resource_is_written_once(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-1", patient(id="F05-1"))
        twice = entry("PUT", "Patient/F05-1", patient(id="F05-1", gender="other"))
        for pair in (
            [at(A, entry("POST", "Patient", patient())), at(A, entry("POST", "Observation", of("Patient/F05-1")))],
            [twice, twice],
            [twice, entry("DELETE", "Patient/F05-1")],
            [twice, entry("PUT", f"Patient?{MRN}", patient())],
            [twice, entry("DELETE", f"Patient?{MRN}")],
        ):
            answer = await home.ask("POST", "", transaction(*pair))
            assert (answer.status_code, code(answer)) == (422, "entry")
            assert "Bundle.entry[0]" in answer.text
            assert "Bundle.entry[1]" in answer.text
        assert await total(home, "Patient") == 1

    visited(database_url, visit)


@pytest.mark.parametrize(("matches", "status"), [(0, 412), (1, 200), (2, 412)])
def test_a_search_uri_in_a_reference_needs_exactly_one_match(database_url: str, matches: int, status: int) -> None:
    async def visit(home: House) -> None:
        made = [await home.create(patient()) for _ in range(matches)]
        answer = await home.ask("POST", "", transaction(entry("POST", "Observation", of(f"Patient?{MRN}"))))
        assert answer.status_code == status
        if status == 200:
            seen = await read(home, location(answer, 0))
            assert seen["subject"]["reference"] == f"Patient/{made[0]['id']}"
        else:
            assert await total(home, "Observation") == 0
            assert "mrn-1" not in answer.text

    visited(database_url, visit)


@pytest.mark.parametrize(("matches", "status"), [(0, "201"), (1, "200"), (2, "412")])
def test_conditions_of_entries_have_the_outcomes_of_the_interactions_alone(
    database_url: str, matches: int, status: str
) -> None:
    async def visit(home: House) -> None:
        for _ in range(matches):
            await home.create(patient())
        create = entry("POST", "Patient", patient(), ifNoneExist=MRN)
        update = entry("PUT", f"Patient?{MRN}", patient(gender="other"))
        for sent in (create, update):
            for kind in ("batch", "transaction"):
                answer = await home.ask("POST", "", {**batch(sent), "type": kind})
                told = statuses(answer)[0] if answer.status_code == 200 else str(answer.status_code)
                assert told == status if matches else told in (status, "200")

    visited(database_url, visit)


def test_a_read_in_a_bundle_may_be_conditional_and_of_any_kind(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-1", patient(id="F05-1"))
        answer = await home.ask(
            "POST",
            "",
            transaction(
                entry("GET", "Patient/F05-1", ifNoneMatch='W/"1"'),
                entry("GET", "Patient/F05-1/_history/1"),
                entry("GET", "/Patient/F05-1/_history"),
                entry("GET", f"{BASE}/Patient/F05-1/$everything"),
                entry("GET", "?_type=Patient"),
                entry("GET", "Patient/F05-never"),
                entry("HEAD", "Patient/F05-1"),
                entry("HEAD", "Patient/F05-never"),
            ),
        )
        assert statuses(answer) == ["304", "200", "200", "200", "200", "404", "200", "404"]
        head = body(answer)["entry"][6]
        assert ("resource" in head, head["response"]["etag"]) == (False, 'W/"1"')
        assert "resource" not in body(answer)["entry"][0]
        assert [e["resource"]["resourceType"] for e in body(answer)["entry"][1:4]] == ["Patient", "Bundle", "Bundle"]

    visited(database_url, visit)


def test_resources_are_in_the_response_only_as_prefer_says(database_url: str) -> None:
    async def visit(home: House) -> None:
        for prefer, there in (("return=representation", True), ("return=minimal", False)):
            answer = await home.ask("POST", "", transaction(entry("POST", "Patient", patient())), prefer=prefer)
            assert ("resource" in body(answer)["entry"][0]) == there

    visited(database_url, visit)


def test_absolute_references_to_this_server_become_relative_and_others_stay(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-1", patient(id="F05-1"))
        far = {"reference": "http://elsewhere.test/fhir/Practitioner/9"}
        answer = await home.ask(
            "POST", "", transaction(entry("POST", "Observation", of(f"{BASE}/Patient/F05-1", performer=[far])))
        )
        seen = await read(home, location(answer, 0))
        assert (seen["subject"], seen["performer"]) == ({"reference": "Patient/F05-1"}, [far])

    visited(database_url, visit)


def test_bundles_of_other_types_are_not_taken_at_the_base(database_url: str) -> None:
    async def visit(home: House) -> None:
        for kind in ("history", "collection", "searchset", "document", "message", "", None, 4):
            assert (await home.ask("POST", "", {"resourceType": "Bundle", "type": kind})).status_code == 400
        assert (await home.ask("POST", "", patient())).status_code == 400
        assert body(await home.ask("POST", "", transaction()))["type"] == "transaction-response"

    visited(database_url, visit)


@pytest.mark.parametrize("url", ["", "?", "http://elsewhere.test/fhir/Patient/1", f"{BASE}Patient/F05-1", "//x.test/y"])
def test_a_url_of_another_server_or_of_nothing_is_refused(database_url: str, url: str) -> None:
    async def visit(home: House) -> None:
        await home.ask("PUT", "/Patient/F05-1", patient(id="F05-1"))
        answer = await home.ask("POST", "", transaction(entry("GET", url)))
        assert answer.status_code in (404, 422)
        assert "Bundle.entry[0]" in answer.text

    visited(database_url, visit)
