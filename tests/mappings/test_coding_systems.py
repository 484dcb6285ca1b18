"""Coding systems are told by the URI FHIR gives them, by whatever name a sender calls them."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json
from tests.mappings.engine import PID, resource, translate

SNOMED = "http://snomed.info/sct"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"


def coding(concept: str) -> Json:
    """The first coding of OBX-3 with that text."""
    found = resource(translate(PID, f"OBX|1|NM|{concept}||5||||||F", kind="ORU", event="R01"), "Observation")
    first: Json = found["code"]["coding"][0]
    return first


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("LN", "http://loinc.org"),
        ("ln", "http://loinc.org"),
        ("SNOMED", SNOMED),
        ("SNOMED-CT", SNOMED),
        ("Snomed CT", SNOMED),
        ("ICD-10-CM", ICD_10_CM),
        ("ICD10CM", ICD_10_CM),
        ("I10P", "http://www.cms.gov/Medicare/Coding/ICD10"),
        ("RxNorm", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        ("CDCPHINVS", "urn:oid:2.16.840.1.114222.4.5.274"),
        ("NCIT", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"),
        ("NULLFL", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"),
        ("HL70064", "http://terminology.hl7.org/CodeSystem/v2-0064"),
        ("hl7-0064", "http://terminology.hl7.org/CodeSystem/v2-0064"),
        ("HL7 0064", "http://terminology.hl7.org/CodeSystem/v2-0064"),
        ("2.16.840.1.113883.12.64", "http://terminology.hl7.org/CodeSystem/v2-0064"),
        ("2.16.840.1.113883.12.292", "http://hl7.org/fhir/sid/cvx"),
        ("2.16.840.1.113883.6.90", ICD_10_CM),
    ],
)
def test_a_system_that_fhir_names_has_its_uri_whatever_the_sender_calls_it(name: str, uri: str) -> None:
    assert coding(f"V1^Test^{name}")["system"] == uri


@pytest.mark.parametrize("name", ["L", "99LAB", "HL79901 literal", "ATC"])
def test_a_name_that_no_standard_knows_or_that_has_two_meanings_is_the_facilitys(name: str) -> None:
    assert "/CodeSystem/F01/" in coding(f"V1^Test^{name}")["system"]


def test_the_oid_of_a_system_counts_where_its_name_is_the_senders_own() -> None:
    assert coding("V1^Test^99LAB^^^^^^^^^^^1.2.156.990122.9")["system"] == "urn:oid:1.2.156.990122.9"
    assert coding("V1^Test^LN^^^^^^^^^^^1.2.156.990122.9")["system"] == "http://loinc.org"
