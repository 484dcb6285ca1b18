"""Who looks after a patient, and until when, as one resource says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.records.relationships import CONTRACT, CONTRACT_SYSTEM, Relationships
from hub.store.values import Relation

READING = Relationships(
    facilities=frozenset({"F01", "F05", "F09"}), care=timedelta(days=30), canonical_base="https://hub.example/fhir"
)
TICK = timedelta(microseconds=1)
VISIT = {"start": "2026-05-01T09:00:00+08:00", "end": "2026-05-03T10:00:00+08:00"}


def _of(resource: Json, author_org: str = "F01") -> list[Relation]:
    return READING.of({"id": "x", **resource}, "w", author_org)


def _encounter(**changes: Any) -> Json:
    resource = {"resourceType": "Encounter", "status": "finished", "period": VISIT, **changes}
    return {name: value for name, value in resource.items() if value is not None}


def _contract(**changes: Any) -> Json:
    return {
        "resourceType": "EpisodeOfCare",
        "status": "active",
        "type": [{"coding": [{"system": CONTRACT_SYSTEM, "code": CONTRACT}]}],
        "careManager": {"reference": "Practitioner/gao"},
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
        **changes,
    }


def _referral(**changes: Any) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "performer": [{"reference": "Organization/F05"}],
        "occurrencePeriod": {"start": "2026-05-01", "end": "2026-05-31"},
        **changes,
    }


def _prescription(**dispense: Any) -> Json:
    request = {"performer": {"reference": "Organization/F09"}, "validityPeriod": {"start": "2026-05-01"}, **dispense}
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "dispenseRequest": request}


def test_an_encounter_gives_care_from_its_start_until_thirty_days_after_its_end() -> None:
    (found,) = _of(_encounter(serviceProvider={"reference": "Organization/F01"}))
    assert (found.kind, found.party) == ("care", "F01")
    assert (found.pkey, found.key) == (reference_key("Patient", "w"), reference_key("Encounter", "x"))
    assert found.low == datetime(2026, 5, 1, 1, tzinfo=UTC)
    assert found.high == datetime(2026, 6, 2, 2, 0, 1, tzinfo=UTC) - TICK


def test_the_end_of_an_encounter_by_day_is_the_end_of_that_day_in_china() -> None:
    (found,) = _of(_encounter(period={"start": "2026-05-01", "end": "2026-05-03"}))
    assert found.high == datetime(2026, 6, 2, 16, tzinfo=UTC) - TICK


def test_an_encounter_under_way_is_open_and_one_that_is_over_is_not() -> None:
    started = {"start": "2026-05-01"}
    assert _of(_encounter(status="in-progress", period=started))[0].high is None
    assert _of(_encounter(period=started))[0].high == datetime(2026, 5, 31, 16, tzinfo=UTC) - TICK


@pytest.mark.parametrize("status", ["planned", "cancelled", "entered-in-error", None])
def test_an_encounter_that_does_not_take_place_gives_no_care(status: str | None) -> None:
    assert _of(_encounter(status=status)) == []


@pytest.mark.parametrize(
    "period",
    [
        None,
        {},
        {"end": "2026-05-03"},
        {"start": "2026-05-03", "end": "2026-05-01"},
        {"start": "soon"},
    ],
)
def test_an_encounter_without_a_period_that_holds_gives_no_care(period: Json | None) -> None:
    assert _of(_encounter(period=period)) == []


def test_an_encounter_gives_no_care_to_an_organisation_that_does_not_answer_for_it() -> None:
    assert _of(_encounter(serviceProvider={"reference": "Organization/F05"}), author_org="F01") == []
    assert _of(_encounter(), author_org="F77") == []


def test_an_encounter_at_a_department_of_the_writer_is_the_writers() -> None:
    (found,) = _of(_encounter(serviceProvider={"reference": "Organization/F01-ward-3"}))
    assert found.party == "F01"


def test_an_active_contract_makes_a_managed_patient_for_its_period() -> None:
    (found,) = _of(_contract())
    assert (found.kind, found.party) == ("managed", "Practitioner/gao")
    assert found.low == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert found.high == datetime(2026, 12, 31, 16, tzinfo=UTC) - TICK


def test_a_contract_may_name_the_code_system_by_its_canonical_url() -> None:
    coding = {"system": "https://hub.example/fhir/CodeSystem/episode-type", "code": CONTRACT}
    assert _of(_contract(type=[{"coding": [coding]}])) != []


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "finished"},
        {"status": "planned"},
        {"type": [{"text": "family-doctor"}]},
        {"type": [{"coding": [{"code": CONTRACT}]}]},
        {"type": [{"coding": [{"system": CONTRACT_SYSTEM, "code": "home-care"}]}]},
        {"careManager": {"reference": "PractitionerRole/gao"}},
        {"careManager": {"display": "Gao"}},
        {"period": {}},
        {"period": {"start": "2026-12-31", "end": "2026-01-01"}},
    ],
)
def test_any_other_episode_makes_no_managed_patient(changes: Json) -> None:
    assert _of(_contract(**changes)) == []


def test_a_referral_in_force_hands_the_patient_to_its_performer_for_its_period() -> None:
    (found,) = _of(_referral(performer=[{"reference": "Practitioner/li"}, {"reference": "Organization/F05"}]))
    assert (found.kind, found.party) == ("care", "F05")
    assert found.high == datetime(2026, 5, 31, 16, tzinfo=UTC) - TICK


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "draft"},
        {"status": "revoked"},
        {"status": "on-hold"},
        {"status": "entered-in-error"},
        {"intent": "proposal"},
        {"intent": "plan"},
        {"performer": [{"reference": "Organization/F77"}]},
        {"performer": [{"reference": "Practitioner/li"}]},
        {"occurrencePeriod": {}},
    ],
)
def test_any_other_request_hands_the_patient_to_nobody(changes: Json) -> None:
    assert _of(_referral(**changes)) == []


def test_a_referral_for_one_moment_has_no_period() -> None:
    request = _referral(occurrenceDateTime="2026-05-01")
    del request["occurrencePeriod"]
    assert _of(request) == []


def test_a_prescription_that_flowed_to_a_pharmacy_gives_it_care_while_it_is_valid() -> None:
    (found,) = _of(_prescription())
    assert (found.kind, found.party, found.high) == ("care", "F09", None)
    assert _of(_prescription(validityPeriod={})) == []
    assert _of(_prescription(performer={"display": "a pharmacy"})) == []
    assert _of({**_prescription(), "status": "cancelled"}) == []


def test_a_resource_about_nobody_or_of_another_type_says_nothing() -> None:
    assert READING.of({**_encounter(), "id": "x"}, None, "F01") == []
    assert _of({"resourceType": "Observation", "status": "final", "effectivePeriod": VISIT}) == []


def test_care_that_would_go_on_beyond_the_calendar_is_open() -> None:
    assert _of(_encounter(period={"start": "2026-05-01", "end": "9999-12-30"}))[0].high is None
