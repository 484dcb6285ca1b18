"""1. Whose number is it? PID-3 without an authority, kinds in the wrong component, words and zeros for numbers."""

from __future__ import annotations

import dataclasses

import pytest

from mappings.hl7v2.profile import DEFAULT, IdentifierRule, Step
from tests.mappings.engine import patient, resource, translate

NUMBERS = "0^^^&PATID~00012345^^^&BLH~990122195804120961^^^&SFZH"


@pytest.mark.parametrize("other", ["00012345^^^&BLH~0^^^&PATID", "990122195804120961^^^&SFZH~00012345^^^&BLH"])
def test_the_patient_is_the_same_whichever_number_stands_first(other: str) -> None:
    one, two = patient(f"PID|1||{NUMBERS}"), patient(f"PID|1||{other}")
    assert one["id"] == two["id"]


def test_a_zero_is_kept_and_identifies_nobody() -> None:
    one, two = (translate(f"PID|1||0^^^&PATID~{number}^^^&BLH") for number in ("00012345", "00012346"))
    assert resource(one, "Patient")["id"] != resource(two, "Patient")["id"]
    assert [each["value"] for each in resource(one, "Patient")["identifier"]] == ["00012345"]


def test_an_identity_card_is_shared_by_facilities_and_a_number_of_the_house_is_not() -> None:
    systems = {}
    for facility in ("F01", "F02"):
        found = resource(translate(f"PID|1||{NUMBERS}", facility=facility), "Patient")
        systems[facility] = [each["system"] for each in found["identifier"]]
    (house_1, card_1), (house_2, card_2) = systems["F01"], systems["F02"]
    assert card_1 == card_2
    assert house_1 != house_2


def test_an_authority_the_sender_leaves_out_is_put_in_from_the_header_by_its_profile() -> None:
    step = Step(step="copy", at="PID-3.4", source="MSH-4")
    found = resource(translate("PID|1||7^^^^MR", profile=dataclasses.replace(DEFAULT, steps=(step,))), "Patient")
    assert found["identifier"][0]["assigner"] == {"display": "F01"}


def test_a_number_is_the_same_with_and_without_its_authority_if_the_profile_says_so() -> None:
    rule = IdentifierRule(system="urn:oid:2.999.1", at="PID-3", type="MR", patient_key=True)
    profile = dataclasses.replace(DEFAULT, identifier_rules=(rule,))
    assert patient("PID|1||7", profile=profile)["id"] == patient("PID|1||7^^^HIS&2.999&ISO^PI", profile=profile)["id"]


@pytest.mark.parametrize("kind", ["MRN", "FIN NBR", "LocalID"])
def test_a_kind_that_no_table_knows_is_told_as_the_senders_code(kind: str) -> None:
    (found,) = patient(f"PID|1||7^^^HIS^{kind}")["identifier"]
    assert found["type"] == {"coding": [{"code": kind}], "text": kind}


def test_a_kind_the_number_belies_is_told_as_text_alone() -> None:
    (found,) = patient("PID|1||E1234^^^HIS^SFZH")["identifier"]
    assert found["type"] == {"text": "SFZH"}
