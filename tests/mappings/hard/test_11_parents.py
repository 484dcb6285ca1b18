"""Hard problem 11: orders and results that came of others (ORC-8, OBR-26, OBR-29, OBR-50)."""

from __future__ import annotations

import pytest

from hub.kernel.types import Draft, Json, Translation
from tests.mappings.engine import PID, drafts, translate

HEADER = "MSH|^~\\&|LIS|F03|HUB|YUNZE|20260301103000||ORU^R01|L1|P|2.5.1"
CULTURE = (
    "ORC|RE|P1^HIS|L1^LIS",
    "OBR|1|P1^HIS|L1^LIS|CUL^细菌培养",
    "OBX|1|CE|ORG^菌种^L|1|ECO^大肠埃希菌||||||F",
    "OBX|2|CE|ORG^菌种^L|2|KPN^肺炎克雷伯菌||||||F",
)
SENSITIVITY = "OBX|1|ST|AMP^氨苄西林^L||>=32|ug/mL|||||F"


def sent(child: str) -> Translation:
    return translate(HEADER, PID, *CULTURE, "ORC|RE|P2|L2", child, SENSITIVITY, facility="F03")


def of(found: Translation, rtype: str, code: str) -> Draft:
    (only,) = [each for each in drafts(found, rtype) if each.resource["code"]["coding"][0]["code"] == code]
    return only


def named(found: Translation, value: str) -> Json:
    (only,) = [
        each.resource
        for each in drafts(found, "Observation")
        if each.resource.get("valueCodeableConcept", {}).get("coding", [{}])[0].get("code") == value
    ]
    return only


def obr(n26: str = "", n29: str = "", n50: str = "") -> str:
    values = {1: "2", 2: "P2", 3: "L2", 4: "AST^药敏", 26: n26, 29: n29, 50: n50}
    return "OBR|" + "|".join(values.get(n, "") for n in range(1, 51))


@pytest.mark.parametrize("child", [obr(n29="P1&HIS^L1&LIS"), obr(n29="^L1&LIS"), obr(n50="P1&HIS")])
def test_a_child_order_is_based_on_the_parent_of_the_same_message(child: str) -> None:
    found = sent(child)
    parent = of(found, "ServiceRequest", "CUL").resource
    assert of(found, "ServiceRequest", "AST").resource["basedOn"] == [{"reference": f"ServiceRequest/{parent['id']}"}]


def test_the_susceptibilities_are_members_of_the_organism_they_belong_to() -> None:
    found = sent(obr(n26="ORG&菌种&L^2", n29="P1&HIS^L1&LIS"))
    child = of(found, "Observation", "AMP").resource
    assert named(found, "KPN")["hasMember"] == [{"reference": f"Observation/{child['id']}"}]
    assert "hasMember" not in named(found, "ECO")


def test_a_parent_of_another_message_is_named_by_its_number() -> None:
    found = sent(obr(n29="P9&HIS^L9&LIS"))
    based = of(found, "ServiceRequest", "AST").resource["basedOn"]
    assert [each["identifier"]["value"] for each in based] == ["P9", "L9"]


def test_orders_without_parents_refer_to_nothing() -> None:
    assert "basedOn" not in of(sent(obr()), "ServiceRequest", "AST").resource
