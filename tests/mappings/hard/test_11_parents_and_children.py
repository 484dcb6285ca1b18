"""11. Results that come of results: a culture, what grew in it, and what that is sensitive to."""

from __future__ import annotations

from hub.kernel.types import Json, Translation
from tests.mappings.engine import PID, drafts, translate

CULTURE = ["OBR|1|P1|L1|CULT^血培养|||||||||||||||||||||F", "OBX|1|CWE|ORG^细菌|1|ECO^大肠埃希菌||||||F"]
#: Parent result in OBR-26 (code, sub-id), the parent order's numbers in OBR-29.
SUSCEPTIBLE = [
    "OBR|2|P2|L2|SUSC^药敏" + "|" * 21 + "F|ORG^1|||P1^L1",
    "OBX|1|ST|AMP^氨苄西林||耐药||||||F",
    "OBX|2|ST|CRO^头孢曲松||敏感||||||F",
]


def by_code(found: Translation, rtype: str) -> dict[str, Json]:
    return {each.resource["code"]["coding"][0]["code"]: each.resource for each in drafts(found, rtype)}


def told(*segments: str) -> Translation:
    return translate(PID, *segments, kind="ORU", event="R01")


def test_the_order_of_the_parts_is_based_on_that_of_the_whole() -> None:
    requests = by_code(told(*CULTURE, *SUSCEPTIBLE), "ServiceRequest")
    assert requests["SUSC"]["basedOn"] == [{"reference": f"ServiceRequest/{requests['CULT']['id']}"}]
    assert "basedOn" not in requests["CULT"]


def test_what_grew_has_what_it_is_sensitive_to_as_its_members() -> None:
    observations = by_code(told(*CULTURE, *SUSCEPTIBLE), "Observation")
    assert observations["ORG"]["hasMember"] == [
        {"reference": f"Observation/{observations[code]['id']}"} for code in ("AMP", "CRO")
    ]


def test_the_reports_stay_two_each_with_its_own_results() -> None:
    found = told(*CULTURE, *SUSCEPTIBLE)
    assert [len(each.resource["result"]) for each in drafts(found, "DiagnosticReport")] == [1, 2]


def test_a_parent_of_another_message_is_named_by_its_numbers() -> None:
    (request,) = drafts(told(*SUSCEPTIBLE), "ServiceRequest")
    assert sorted(each["identifier"]["value"] for each in request.resource["basedOn"]) == ["L1", "P1"]


def test_the_sub_identifier_tells_of_which_of_two_it_is() -> None:
    second = "OBX|2|CWE|ORG^细菌|2|KPN^肺炎克雷伯菌||||||F"
    other = [SUSCEPTIBLE[0].replace("ORG^1", "ORG^2"), *SUSCEPTIBLE[1:]]
    found = told(*CULTURE, second, *other)
    members = {
        each.resource["valueCodeableConcept"]["coding"][0]["code"]: len(each.resource.get("hasMember", ()))
        for each in drafts(found, "Observation")
        if "valueCodeableConcept" in each.resource
    }
    assert members == {"ECO": 0, "KPN": 2}
