"""What IHE MHD says of Provide Document Bundle [ITI-65], each statement a test: what is taken, and what is not.

https://profiles.ihe.net/ITI/MHD/ITI-65.html (4.2). Quotations stand before what holds them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

import pytest

from hub.fhir.json import dumps
from hub.fhir.validate import validate
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import keyed_ids
from hub.kernel.types import Draft, Json, Translation
from hub.records.merge import merge
from mappings.mhd.case import Sender, case_of
from mappings.mhd.feed import messages, read_envelope, take_apart, translator
from mappings.mhd.placing import references
from mappings.mhd.submission import read
from tests.mappings.cda.documents import document, observation, pq, section
from tests.mappings.mhd.bundles import (
    CITIZEN,
    COMPREHENSIVE,
    DOCUMENT,
    FOLDER,
    RECORD,
    bundle,
    entry,
    head,
    listed,
    person,
    reference,
    submission,
)

SENDER = Sender(
    facility="F04",
    ids=keyed_ids(bytes(32)),
    canonical_base="https://yilian-hub.example/fhir",
    zone="+08:00",
)
CDA = document(section("8716-3", "VITAL SIGNS", [observation("DE04.10.174.00", "收缩压", pq("158", "mmHg"))])).encode()


def told(sent: Json) -> Translation:
    return translator(SENDER)(dumps(sent))


def drafts(sent: Json, rtype: str) -> list[Draft]:
    return [draft for draft in told(sent).drafts if draft.resource["resourceType"] == rtype]


def refused(sent: Json) -> HubError:
    with pytest.raises(HubError) as caught:
        told(sent)
    return caught.value


def test_a_document_is_kept_with_its_bytes_about_the_patient_of_the_submission() -> None:
    (kept,) = drafts(submission(), "DocumentReference")
    (whom,) = drafts(submission(), "Patient")
    (found,) = drafts(submission(), "List")
    attachment = kept.resource["content"][0]["attachment"]
    assert (b64decode(attachment["data"]), attachment["size"]) == (b"hello", 5)
    assert kept.patient == found.patient == whom.patient == whom.resource["id"]
    assert kept.resource["subject"] == found.resource["subject"] == {"reference": f"Patient/{kept.patient}"}
    assert found.resource["entry"][0]["item"]["reference"] == f"DocumentReference/{kept.resource['id']}"
    assert drafts(submission(), "Binary") == []
    for draft in told(submission()).drafts:
        assert [one for one in validate(draft.resource) if one.severity == "error"] == []


def test_what_each_entry_became_is_known_before_it_is_stored() -> None:
    sent = submission()
    made = {draft.resource["resourceType"]: draft.resource["id"] for draft in told(sent).drafts}
    assert references(case_of(read(sent), SENDER)) == [
        (f"List/{made['List']}", True),
        (f"DocumentReference/{made['DocumentReference']}", True),
        (f"Binary/{made['DocumentReference']}.1", True),
        (f"Patient/{made['Patient']}", True),
    ]


def test_a_cda_document_tells_its_facts_about_the_same_patient_and_the_original_stands_once() -> None:
    sent = submission(CDA, "text/xml")
    (measured,) = drafts(sent, "Observation")
    (kept,) = drafts(sent, "DocumentReference")
    (whom,) = drafts(sent, "Patient")
    (composition,) = drafts(sent, "Composition")
    assert measured.resource["valueQuantity"]["value"] == 158
    assert measured.patient == kept.patient == whom.patient
    assert b64decode(kept.resource["content"][0]["attachment"]["data"]) == CDA
    assert kept.resource["context"]["related"] == [{"reference": f"Composition/{composition.resource['id']}"}]
    # The submission and its document know the person by different numbers: both are of one source Patient.
    assert [one["value"] for one in whom.resource["identifier"]] == [RECORD["value"], CITIZEN["value"]]
    assert whom.resource["birthDate"] == "1960-01-01"


def test_a_document_is_as_strict_as_what_it_holds_and_as_its_label_says() -> None:
    strict = CDA.replace(b'Code code="N"', b'Code code="R"')
    (kept,) = drafts(submission(strict, "text/xml"), "DocumentReference")
    assert [label["code"] for label in kept.resource["meta"]["security"]] == ["R"]
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
    (kept,) = drafts(submission(securityLabel=[{"coding": [label]}]), "DocumentReference")
    assert kept.resource["meta"]["security"] == [label]


def test_xml_that_cannot_be_read_is_kept_and_told() -> None:
    translation = told(submission(b"<!DOCTYPE x><x/>", "text/xml"))
    assert [issue.code for issue in translation.issues] == ["dtd"]
    assert told(submission(b"<note/>", "text/xml")).issues == ()


def test_whom_it_is_about_may_be_said_by_a_number_or_by_a_patient_of_the_hub() -> None:
    by_number = submission()
    by_number["entry"].pop()
    for each in by_number["entry"][:2]:
        each["resource"]["subject"] = {"identifier": RECORD}
    (whom,) = drafts(by_number, "Patient")
    assert whom.resource["identifier"] == [RECORD]
    assert whom.resource["id"] == drafts(submission(), "Patient")[0].resource["id"]
    by_id = submission(CDA, "text/xml")
    by_id["entry"].pop()
    for each in by_id["entry"][:2]:
        each["resource"]["subject"] = {"reference": "https://hub.example/fhir/Patient/p7"}
    with pytest.raises(HubError):
        told(by_id)  # the door makes it relative
    for each in by_id["entry"][:2]:
        each["resource"]["subject"] = {"reference": "Patient/p7"}
    assert {draft.patient for draft in told(by_id).drafts if draft.patient} == {"p7"}
    assert drafts(by_id, "Patient") == []


def test_folders_and_authors_beside_the_document_come_too() -> None:
    sent = submission(author=[{"reference": "urn:uuid:00000000-0000-4000-8000-00000000000a"}])
    sent["entry"].append(entry(FOLDER, listed("folder", "urn:oid:2.999.4", [DOCUMENT])))
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:test", "value": "7"}]}
    sent["entry"].append(entry("urn:uuid:00000000-0000-4000-8000-00000000000a", doctor))
    assert len(drafts(sent, "List")) == 2
    (who,) = drafts(sent, "Practitioner")
    (kept,) = drafts(sent, "DocumentReference")
    assert kept.resource["author"] == [{"reference": f"Practitioner/{who.resource['id']}"}]
    assert who.patient is None


def test_a_document_that_replaces_another_supersedes_it() -> None:
    # "the to be replaced DocumentReference needs to be added and updated to status superseded within the transaction".
    replaces = [{"code": "replaces", "target": {"reference": "DocumentReference/old"}}]
    sent = submission(relatesTo=replaces)
    update = {**reference(b"x"), "status": "superseded", "id": "old"}
    sent["entry"].append({"resource": update, "request": {"method": "PUT", "url": "DocumentReference/old"}})
    new, old = sorted(drafts(sent, "DocumentReference"), key=lambda draft: draft.merge, reverse=True)
    assert (old.resource["id"], old.resource["status"], old.merge) == ("old", "superseded", "overlay")
    assert new.resource["relatesTo"] == replaces
    assert references(case_of(read(sent), SENDER))[-1] == ("DocumentReference/old", False)
    sent["entry"][-1]["resource"]["status"] = "current"
    assert refused(sent).where == "Bundle.entry[4]"
    sent["entry"][-1] |= {"resource": update, "request": {"method": "PUT", "url": "DocumentReference/other"}}
    assert refused(sent).where == "Bundle.entry[4]"


def test_a_document_may_be_replaced_by_the_unique_id_it_was_submitted_with() -> None:
    (first,) = drafts(submission(), "DocumentReference")
    target = {"identifier": first.resource["masterIdentifier"]}
    sent = submission(b"newer", number="urn:oid:2.999.22", relatesTo=[{"code": "replaces", "target": target}])
    old = next(draft for draft in drafts(sent, "DocumentReference") if draft.merge == "overlay")
    assert (old.resource["id"], old.resource["status"]) == (first.resource["id"], "superseded")


def test_a_document_kept_elsewhere_stays_there() -> None:
    sent = submission()
    del sent["entry"][2]
    attachment = sent["entry"][1]["resource"]["content"][0]["attachment"]
    attachment["url"] = "https://archive.example/7.pdf"
    (kept,) = drafts(sent, "DocumentReference")
    assert kept.resource["content"][0]["attachment"] == attachment


def altered(*path: Any) -> Callable[[Json], None]:
    """Sets what the last but one names to the last; None takes it away."""

    def alter(sent: Json) -> None:
        owner: Any = sent
        for step in path[:-2]:
            owner = owner[step]
        if path[-1] is None:
            del owner[path[-2]]
        else:
            owner[path[-2]] = path[-1]

    return alter


SET = ("entry", 0, "resource")
RESOURCE = ("entry", 1, "resource")
AT = "Bundle.entry[1].resource"
ATTACHMENT = (*RESOURCE, "content", 0, "attachment")
OTHER = b64encode(sha1(b"other", usedforsecurity=False).digest()).decode()


@pytest.mark.parametrize(
    ("alter", "where"),
    [
        (altered("meta", None), "Bundle.meta.profile"),
        (altered("type", "batch"), "Bundle.meta.profile"),
        (altered("entry", 0, "request", "method", "DELETE"), "Bundle.entry[0].request"),
        (altered(*SET, "extension", None), "Bundle.entry[0].resource.extension"),
        (altered(*SET, "identifier", None), "Bundle.entry[0].resource.identifier"),
        (altered(*SET, "mode", "snapshot"), "Bundle.entry[0].resource.mode"),
        (altered(*SET, "date", None), "Bundle.entry[0].resource.date"),
        (altered(*SET, "status", "gone"), "Bundle.entry[0].resource.status"),
        (altered(*SET, "entry", 0, "item", "reference", "urn:x"), "Bundle.entry[0].resource.entry[0].item"),
        (altered(*RESOURCE, "masterIdentifier", None), "Bundle.entry[1].resource.masterIdentifier"),
        (altered(*RESOURCE, "status", "entered-in-error"), "Bundle.entry[1].resource.status"),
        (altered(*ATTACHMENT, "contentType", None), "Bundle.entry[1].resource.content.attachment"),
    ],
)
def test_a_submission_that_breaks_a_rule_is_refused_naming_it(alter: Callable[[Json], None], where: str) -> None:
    sent = submission()
    alter(sent)
    error = refused(sent)
    assert (error.code, error.where) == ("XDSRegistryMetadataError", where)
    assert "测试" not in str(error)


@pytest.mark.parametrize(
    ("alter", "code", "where"),
    [
        (altered(*ATTACHMENT, "size", 6), "XDSNonIdenticalHash", "Bundle.entry[1].resource.content.attachment.size"),
        (
            altered(*ATTACHMENT, "hash", OTHER),
            "XDSNonIdenticalHash",
            "Bundle.entry[1].resource.content.attachment.hash",
        ),
        (altered("entry", 2, "resource", "data", None), "XDSMissingDocument", "Bundle.entry[2].resource.data"),
        (altered(*RESOURCE, "subject", {"identifier": CITIZEN}), "XDSPatientIdDoesNotMatch", f"{AT}.subject"),
        (altered("entry", 3, "resource", "identifier", None), "XDSUnknownPatientId", "Bundle.entry"),
    ],
)
def test_what_xds_has_a_word_for_is_refused_by_it(alter: Callable[[Json], None], code: str, where: str) -> None:
    sent = submission()
    alter(sent)
    assert (refused(sent).code, refused(sent).where) == (code, where)


def test_a_document_nobody_tells_of_and_one_that_is_not_there_are_refused() -> None:
    sent = submission()
    sent["entry"][1]["resource"]["content"][0]["attachment"] = {"contentType": "text/plain", "data": "eA=="}
    assert (refused(sent).code, refused(sent).where) == ("XDSMissingDocumentMetadata", "Bundle.entry[2]")
    sent = submission()
    del sent["entry"][2]
    assert refused(sent).code == "XDSMissingDocument"


def test_one_submission_set_about_one_patient() -> None:
    twice = submission()
    twice["entry"].append(entry(FOLDER, head("urn:oid:2.999.9")))
    assert refused(twice).where == "Bundle.entry"
    two = submission()
    two["entry"].append(entry(FOLDER, person(CITIZEN)))
    assert refused(two).code == "XDSPatientIdDoesNotMatch"


def test_a_document_of_somebody_else_is_refused() -> None:
    sent = submission(CDA, "text/xml")
    sent["entry"][3]["resource"] = person({**RECORD, "value": "99012200310300011"})
    error = refused(sent)
    assert (error.code, error.where) == ("XDSPatientIdDoesNotMatch", "Bundle.entry[1]")
    assert "9901" not in str(error)


def test_comprehensive_metadata_is_held_to_what_it_promises() -> None:
    sent = submission() | {"meta": {"profile": [COMPREHENSIVE]}}
    assert refused(sent).where == "Bundle.entry[1].resource.type"


def test_a_fhir_document_is_refused_with_its_own_code() -> None:
    sent = submission()
    sent["entry"].append(entry(FOLDER, {"resourceType": "Bundle", "type": "document"}))
    assert refused(sent).code == "FHIRDocumentNotSupported"


def test_a_submission_is_known_by_its_unique_id_and_ordered_by_its_patient() -> None:
    envelope = read_envelope(dumps(submission()))
    assert (envelope.identity, envelope.kind) == ("urn:ietf:rfc:3986|urn:oid:2.999.1", "ITI-65")
    assert RECORD["value"] in envelope.lanes
    assert read_envelope(b"{}").problem is not None
    assert read_envelope(b"[").problem is not None
    ((_, raw),) = messages(dumps(submission()))
    assert take_apart(raw)[1].at == "Bundle.entry[1]"


def test_documents_and_submissions_keep_their_ids_when_they_come_again() -> None:
    first, second = ([draft.resource["id"] for draft in told(submission(data)).drafts] for data in (b"a", b"b"))
    assert first == second


def test_a_bundle_of_nothing_is_refused() -> None:
    assert refused(bundle()).where == "Bundle.entry"


def test_a_submitted_patient_says_neither_whose_it_is_nor_whom_it_is_one_with() -> None:
    sent = submission()
    sent["entry"][3]["resource"] |= {
        "active": False,
        "managingOrganization": {"reference": "Organization/F01"},
        "link": [{"other": {"reference": "Patient/p8"}, "type": "refer"}],
        "gender": "female",
    }
    (whom,) = drafts(sent, "Patient")
    assert whom.resource["gender"] == "female"
    assert not {"active", "managingOrganization", "link"} & whom.resource.keys()
    told_of = [(issue.code, issue.where.rpartition(".")[2]) for issue in told(sent).issues]
    assert told_of == [("not-taken", "active"), ("not-taken", "link"), ("not-taken", "managingOrganization")]


def test_a_leap_second_is_a_time() -> None:
    sent = submission()
    sent["entry"][0]["resource"]["date"] = "2016-12-31T23:59:60Z"
    assert told(sent).event_time == datetime(2017, 1, 1, tzinfo=UTC)


def test_two_documents_of_one_submission_have_a_unique_id_each() -> None:
    sent = submission()
    other = reference(b"other")
    other["content"][0]["attachment"] = {"contentType": "text/plain", "data": "eA=="}
    sent["entry"].append(entry(FOLDER, other))
    found = refused(sent)
    where = "Bundle.entry[4].resource.masterIdentifier"
    assert (found.code, found.where) == ("XDSRegistryDuplicateUniqueIdInMessage", where)


def test_a_document_submitted_again_keeps_its_bytes_and_its_labels() -> None:
    strict, normal = (
        [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code}]}]
        for code in "RN"
    )
    (first,) = drafts(submission(securityLabel=strict), "DocumentReference")
    stored = merge(first, None).resource
    (again,) = drafts(submission(securityLabel=normal), "DocumentReference")
    assert {label["code"] for label in merge(again, stored).resource["meta"]["security"]} == {"R", "N"}
    elsewhere = submission()
    del elsewhere["entry"][2]
    elsewhere["entry"][1]["resource"]["content"][0]["attachment"]["url"] = "https://archive.example/7.txt"
    for sent in (submission(b"other"), elsewhere):
        (other,) = drafts(sent, "DocumentReference")
        assert other.resource["id"] == stored["id"]
        for settled in (False, True):
            with pytest.raises(HubError) as caught:
                merge(other, stored, settled=settled)
            assert (caught.value.category, caught.value.code) == (Category.CONFLICT, "XDSNonIdenticalHash")


def test_a_document_that_was_only_known_as_replaced_gets_its_bytes() -> None:
    target = {"identifier": reference(b"")["masterIdentifier"]}
    newer = submission(b"newer", number="urn:oid:2.999.22", relatesTo=[{"code": "replaces", "target": target}])
    old = next(draft for draft in drafts(newer, "DocumentReference") if draft.merge == "overlay")
    (late,) = drafts(submission(), "DocumentReference")
    kept = merge(late, merge(old, None).resource).resource
    assert b64decode(kept["content"][0]["attachment"]["data"]) == b"hello"


OTHERS = {"system": "urn:test:numbers", "value": "4711"}


def of_a_person_by(number: Json, **elements: Any) -> Json:
    """The CDA document, submitted for a person of whom this is stated."""
    sent = submission(CDA, "text/xml")
    sent["entry"][3]["resource"] = {"resourceType": "Patient", "identifier": [number], **elements}
    return sent


@pytest.mark.parametrize(
    "elements",
    [
        {"name": [{"text": "测试甲"}], "birthDate": "1960-01-01"},
        {"name": [{"family": "测试", "given": ["甲"]}], "birthDate": "1960-01-01"},
    ],
)
def test_without_a_number_in_common_the_same_name_and_birth_date_tell_that_it_is_the_patient(elements: Json) -> None:
    sent = of_a_person_by(OTHERS, **elements)
    (whom,) = drafts(sent, "Patient")
    assert [one["value"] for one in whom.resource["identifier"]] == ["4711", RECORD["value"], CITIZEN["value"]]
    assert len(drafts(sent, "Observation")) == 1


@pytest.mark.parametrize(
    "elements",
    [
        {"name": [{"text": "测试乙"}], "birthDate": "1960-01-01"},
        {"name": [{"text": "测试甲"}], "birthDate": "1960-01-02"},
        {"name": [{"text": "测试乙"}]},
    ],
)
def test_without_a_number_in_common_another_name_or_birth_date_is_somebody_else(elements: Json) -> None:
    assert refused(of_a_person_by(OTHERS, **elements)).code == "XDSPatientIdDoesNotMatch"


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"name": [{"text": "测试甲"}]},
        {"name": [{"text": "测试甲"}], "birthDate": "1960"},
        {"name": [{"text": "Ceshi Jia"}], "birthDate": "1960-01-01"},
    ],
)
def test_a_document_that_does_not_tell_whom_it_is_about_is_kept_and_tells_nothing(elements: Json) -> None:
    sent = of_a_person_by(OTHERS, **elements)
    sent["entry"][2]["resource"]["data"] = b64encode(strict := CDA.replace(b'Code code="N"', b'Code code="R"')).decode()
    for name in ("size", "hash"):
        del sent["entry"][1]["resource"]["content"][0]["attachment"][name]
    assert {draft.resource["resourceType"] for draft in told(sent).drafts} == {"List", "DocumentReference", "Patient"}
    (whom,) = drafts(sent, "Patient")
    assert {**whom.resource, "id": ""} == {"resourceType": "Patient", "id": "", "identifier": [OTHERS], **elements}
    (kept,) = drafts(sent, "DocumentReference")
    assert b64decode(kept.resource["content"][0]["attachment"]["data"]) == strict
    assert [label["code"] for label in kept.resource["meta"]["security"]] == ["R"]
    assert [issue.code for issue in told(sent).issues] == ["patient-unsure"]


def test_every_number_the_engine_reads_is_held_against_the_submission() -> None:
    spelt = CDA.replace(b"<patient>", b"<patientPatient>").replace(b"</patient>", b"</patientPatient>")
    sent = submission(spelt, "text/xml")
    sent["entry"][3]["resource"] = person(RECORD, {**CITIZEN, "value": "990122196001010028"})
    assert refused(sent).code == "XDSPatientIdDoesNotMatch"
