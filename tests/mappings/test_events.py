"""Which messages are mapped on purpose, and that answers and acknowledgements do not say more than they do."""

from __future__ import annotations

import pytest

from hub.kernel.types import Translation
from tests.mappings.engine import PID, codes, draft, drafts, translate

HEADER = "MSH|^~\\&|LIS|F03|HUB|YUNZE|20260301103000||{kind}|A1|P|2.5.1"


def sent(kind: str, *segments: str) -> Translation:
    return translate(HEADER.format(kind=kind), *segments, facility="F03")


ON_PURPOSE = [
    "ORU^R01",
    "ORU^R30",
    "ORU^R31",
    "ORU^R32",
    "ORU^W01",
    "OUL^R21",
    "OUL^R22",
    "OUL^R23",
    "OUL^R24",
    "ORM^O01",
    "OML^O21",
    "OML^O33",
    "OML^O35",
    "OMG^O19",
    "OMI^O23",
    "OMP^O09",
    "ORL^O22",
    "ORR^O02",
    "ORG^O20",
    "RDE^O01",
    "RDE^O11",
    "RDS^O13",
    "RAS^O17",
    "RGV^O15",
    "VXU^V04",
    "MDM^T01",
    "MDM^T11",
    "REF^I12",
    "REF^I15",
    "RRI^I12",
    "PPR^PC1",
    "PGL^PC6",
    "SIU^S12",
    "SIU^S26",
    "SRM^S01",
    "ACK^A01",
    "ACK",
]


@pytest.mark.parametrize("kind", ON_PURPOSE)
def test_these_messages_are_mapped_on_purpose(kind: str) -> None:
    assert "event-not-covered" not in codes(sent(kind, PID))


def test_an_unknown_event_keeps_what_its_segments_say_and_is_said_to_be_unknown() -> None:
    found = sent("ORU^Z77", PID, "OBR|1||L1|GLU", "OBX|1|NM|GLU||5|||||F")
    assert "event-not-covered" in codes(found)
    assert len(drafts(found, "Observation")) == 1


@pytest.mark.parametrize("kind", ["ACK^R01", "ACK"])
def test_an_acknowledgement_says_nothing_of_anybody(kind: str) -> None:
    assert not [each for each in sent(kind, "MSA|AA|X1").drafts if each.patient]


@pytest.mark.parametrize(
    ("control", "status"), [("OK", "active"), ("UA", "revoked"), ("CR", "revoked"), ("HR", "on-hold")]
)
@pytest.mark.parametrize("kind", ["ORL^O22", "ORR^O02", "ORG^O20"])
def test_the_answer_to_an_order_tells_what_the_filler_made_of_it(kind: str, control: str, status: str) -> None:
    asked = sent("OML^O21", PID, "ORC|NW|P1^HIS", "OBR|1|P1^HIS||GLU")
    answered = sent(kind, "MSA|AA|X1", PID, f"ORC|{control}|P1^HIS|L1^LIS", "OBR|1|P1^HIS|L1^LIS|GLU")
    assert draft(answered, "ServiceRequest").resource["status"] == status
    assert draft(answered, "ServiceRequest").resource["id"] == draft(asked, "ServiceRequest").resource["id"]
    assert not drafts(answered, "DiagnosticReport")


@pytest.mark.parametrize("kind", ["OML^O33", "OML^O35", "ORL^O34"])
def test_orders_that_stand_behind_a_specimen_are_made_on_it(kind: str) -> None:
    orders = ("ORC|NW|P1", "OBR|1|P1||GLU", "ORC|NW|P2", "OBR|2|P2||HB")
    found = sent(
        kind, PID, "SPM|1|B1||SER^血清", "SAC|||T1^LIS", *orders, "SPM|2|B2||URN^尿", "ORC|NW|P3", "OBR|3|P3||UA"
    )
    first, second = drafts(found, "Specimen")
    on = [each.resource["specimen"][0]["reference"] for each in drafts(found, "ServiceRequest")]
    assert on == [f"Specimen/{each.resource['id']}" for each in (first, first, second)]
    assert first.resource["container"][0]["identifier"][0]["value"] == "T1"


@pytest.mark.parametrize("kind", ["ORU^R30", "ORU^R31", "ORU^R32", "ORU^W01"])
def test_results_of_the_bedside_and_of_waveforms_are_reports(kind: str) -> None:
    found = sent(kind, PID, "ORC|NW||L1", "OBR|1||L1|ECG^心电", "OBX|1|NA|MDC^I导联||1^2^3|mV|||||F")
    observation = draft(found, "Observation").resource
    assert observation["valueSampledData"]["data"] == "1 2 3"
    assert draft(found, "DiagnosticReport").resource["result"] == [{"reference": f"Observation/{observation['id']}"}]


def test_a_status_of_an_order_nobody_knows_changes_nothing_and_is_said_aloud() -> None:
    found = sent("ORM^O01", PID, "ORC|NW|P1|||XX9", "OBR|1|P1||CT")
    assert "status" not in draft(found, "ServiceRequest").resource
    assert "status-not-in-the-table" in codes(found)


def test_who_cancelled_an_order_and_when_is_its_provenance() -> None:
    found = sent("ORM^O01", PID, "ORC|CA|P1|||||||20260301080000|1001^方^知远", "OBR|1|P1||CT")
    (told,) = [each.resource for each in drafts(found, "Provenance") if "activity" in each.resource]
    assert told["activity"]["coding"][0]["code"] == "CANCEL"
    assert told["agent"][0]["who"]["display"] == "方知远"
    assert told["occurredDateTime"] == told["recorded"] == "2026-03-01T08:00:00+08:00"


def test_a_confidential_order_makes_its_results_confidential() -> None:
    orc = "ORC|RE|P1|L1" + "|" * 25 + "R"
    found = sent("ORU^R01", PID, orc, "OBR|1|P1|L1|HIV", "OBX|1|ST|HIV||-||||||F")
    for rtype in ("ServiceRequest", "DiagnosticReport", "Observation"):
        assert draft(found, rtype).resource["meta"]["security"][0]["code"] == "R"
