"""VXU: vaccinations, as they were given, refused or taken back."""

from __future__ import annotations

import pytest

from hub.kernel.types import Translation
from tests.mappings.engine import PID, drafts, resource, translate

HEADER = "MSH|^~\\&|VAC|F05|HUB|YUNZE|20260301103000||VXU^V04^VXU_V04|V1|P|2.5.1"


def sent(*segments: str) -> Translation:
    return translate(HEADER, PID, *segments, facility="F05")


def dose(vaccine: str = "08^乙肝疫苗^CVX", day: str = "20260301", more: str = "") -> str:
    return f"RXA|0|1|{day}||{vaccine}|0.5|mL^^UCUM{more}"


def test_a_dose_is_an_immunization_of_the_patient() -> None:
    found = sent("ORC|RE||V77^REG", dose(), "RXR|IM^肌内注射|LA^左臂")
    stated = resource(found, "Immunization")
    assert stated["patient"]["reference"] == f"Patient/{resource(found, 'Patient')['id']}"
    assert stated["vaccineCode"]["coding"][0]["code"] == "08"
    assert stated["doseQuantity"]["code"] == "mL"
    assert stated["site"]["text"] == "左臂"
    assert not drafts(found, "ServiceRequest")


def test_a_dose_of_an_unknown_amount_has_no_unit_either() -> None:
    assert "doseQuantity" not in resource(sent(dose().replace("|0.5|", "|999|")), "Immunization")


def test_doses_without_an_order_are_each_their_own() -> None:
    found = sent(dose(), "RXR|IM", dose("20^百白破^CVX"), "RXR|IM")
    assert len({each.resource["id"] for each in drafts(found, "Immunization")}) == 2


def test_the_number_of_no_order_does_not_join_doses() -> None:
    found = sent("ORC|RE||9999^REG", dose(day="20260101"), "ORC|RE||9999^REG", dose(day="20260201"))
    assert len(drafts(found, "Immunization")) == 2


def test_a_dose_with_a_number_stays_the_same_when_its_day_is_corrected() -> None:
    told = resource(sent("ORC|RE||V77", dose()), "Immunization")
    corrected = resource(sent("ORC|RE||V77", dose(day="20260302")), "Immunization")
    assert told["id"] == corrected["id"]


@pytest.mark.parametrize(
    ("completion", "status"), [("CP", "completed"), ("RE", "not-done"), ("NA", "not-done"), ("", "completed")]
)
def test_the_completion_status_says_whether_it_was_given(completion: str, status: str) -> None:
    assert resource(sent(dose(more="|" * 13 + completion)), "Immunization")["status"] == status


def test_a_dose_of_which_a_part_was_given_is_subpotent() -> None:
    assert resource(sent(dose(more="|" * 13 + "PA")), "Immunization")["isSubpotent"] is True
    assert "isSubpotent" not in resource(sent(dose(more="|" * 13 + "CP")), "Immunization")


@pytest.mark.parametrize(("reason", "code"), [("", "PATOBJ"), ("03^体温高^L", "03")])
def test_a_dose_refused_for_no_stated_reason_was_objected_to(reason: str, code: str) -> None:
    found = resource(sent(dose(more="|" * 11 + f"{reason}||RE")), "Immunization")
    assert [each["code"] for each in found["statusReason"]["coding"]] == [code]


def test_a_dose_taken_back_was_entered_in_error() -> None:
    assert resource(sent(dose(more="|" * 13 + "CP|D")), "Immunization")["status"] == "entered-in-error"


@pytest.mark.parametrize(("note", "primary"), [("00", True), ("01", False)])
def test_who_reported_a_dose_says_whether_the_record_is_of_first_hand(note: str, primary: bool) -> None:
    assert resource(sent(dose(more=f"||{note}^^NIP001")), "Immunization")["primarySource"] is primary


def test_who_ordered_and_who_gave_a_dose_are_told_with_the_name_of_what_they_did() -> None:
    found = sent("ORC|RE||V77|||||||||1001^方^知远", dose(more="|||2001^李^明"))
    stated = {each["function"]["coding"][0]["display"] for each in resource(found, "Immunization")["performer"]}
    assert stated == {"Ordering Provider", "Administering Provider"}


def test_observations_of_a_dose_are_part_of_it() -> None:
    found = sent("ORC|RE||V77", dose(), "OBX|1|CE|64994-7^eligibility^LN||V01||||||F")
    immunization = resource(found, "Immunization")
    assert resource(found, "Observation")["partOf"] == [{"reference": f"Immunization/{immunization['id']}"}]
