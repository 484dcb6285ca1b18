"""What a mask leaves of a resource: what is shown on purpose, and nothing else."""

from __future__ import annotations

from typing import Final

import pytest

from hub.kernel.types import Json
from hub.pipeline.fhir_mask import Mask

KINDS: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
RELIGIONS: Final = "http://terminology.hl7.org/CodeSystem/v3-ReligiousAffiliation"
URIS: Final = frozenset({KINDS, "http://loinc.org", "https://hub.example/StructureDefinition/original"})


def hidden(resource: Json) -> Json:
    return Mask(URIS, {KINDS: {"MR"}, RELIGIONS: {"1041"}}).hidden(resource)


@pytest.mark.parametrize(
    ("rtype", "element", "value", "shown"),
    [
        ("Patient", "gender", "female", "female"),
        ("Patient", "gender", "Shen", "***"),
        ("Patient", "language", "zh", "***"),
        ("Patient", "active", True, "***"),
        ("Patient", "birthDate", "1958-04-12", "***"),
        ("Patient", "multipleBirthInteger", 2, "***"),
        ("Patient", "name", [{"use": "official", "text": "沈桂兰"}], [{"use": "official", "text": "***"}]),
        ("Patient", "odd", {"use": "official", "x": ["y"]}, {"use": "***", "x": ["***"]}),
        (
            "DocumentReference",
            "content",
            [{"attachment": {"contentType": "text/4711"}}],
            [{"attachment": {"contentType": "***"}}],
        ),
        ("Observation", "status", "final", "final"),
        ("Observation", "valueQuantity", {"value": 7, "code": "mmol"}, {"value": "***", "code": "***"}),
    ],
)
def test_values_are_shown_if_they_are_words_of_a_closed_list(
    rtype: str, element: str, value: object, shown: object
) -> None:
    assert hidden({"resourceType": rtype, element: value})[element] == shown


@pytest.mark.parametrize(
    ("system", "code", "shown"),
    [
        (KINDS, "MR", (KINDS, "MR")),
        (KINDS, "4711", (KINDS, "***")),
        ("http://loinc.org", "7917-8", ("http://loinc.org", "***")),
        (RELIGIONS, "1041", ("***", "***")),
        ("urn:4711", "MR", ("***", "***")),
    ],
)
def test_codings_are_shown_if_they_say_of_what_kind_something_is(
    system: str, code: str, shown: tuple[str, str]
) -> None:
    kind = {"coding": [{"system": system, "code": code, "display": "4711"}], "text": "4711"}
    found = hidden({"resourceType": "Patient", "identifier": [{"type": kind, "system": "urn:4711", "value": "4711"}]})
    coding = found["identifier"][0]["type"]["coding"][0]
    assert (coding["system"], coding["code"]) == shown
    assert repr(found).count("4711") == 0


def test_references_and_ids_are_numbers_within_one_answer() -> None:
    mask = Mask(URIS, {})
    patient = mask.hidden(
        {"resourceType": "Patient", "id": "secret-a", "link": [{"other": {"reference": "Patient/b"}}]}
    )
    result = mask.hidden(
        {
            "resourceType": "Observation",
            "id": "secret-o",
            "subject": {"reference": "Patient/secret-a", "display": "沈桂兰"},
            "performer": [{"reference": "urn:uuid:4711"}, {"reference": "Person4711/x"}],
            "hasMember": [{"reference": "Observation/secret-o/_history/3"}],
            "contained": [{"resourceType": "Practitioner", "id": "p", "name": [{"family": "方"}]}],
        }
    )
    assert (patient["id"], patient["link"][0]["other"]["reference"]) == ("Patient#1", "Patient#2")
    assert (result["id"], result["subject"]) == ("Observation#1", {"reference": "Patient#1", "display": "***"})
    assert [one["reference"] for one in result["performer"]] == ["***", "***"]
    assert result["hasMember"][0]["reference"] == "Observation#1 version 3"
    assert result["contained"][0] == {
        "resourceType": "Practitioner",
        "id": "Practitioner#1",
        "name": [{"family": "***"}],
    }


def test_versions_and_the_message_they_came_from_are_shown_and_extensions_by_known_names() -> None:
    meta = {"versionId": "3", "lastUpdated": "2026-03-01T12:00:00+08:00", "source": "urn:yilian:message:7"}
    found = hidden(
        {
            "resourceType": "Patient",
            "meta": meta,
            "extension": [
                {"url": "https://hub.example/StructureDefinition/original", "valueString": "4711"},
                {"url": "urn:4711", "valueCode": "final"},
            ],
        }
    )
    assert found["meta"] == meta
    assert [one["url"] for one in found["extension"]] == ["https://hub.example/StructureDefinition/original", "***"]
    assert "4711" not in repr(found)
    other = hidden({"resourceType": "4711", "meta": {"source": "urn:4711", "versionId": "4711x"}})
    assert "4711" not in repr(other)
