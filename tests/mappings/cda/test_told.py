"""Facts that a vendor writes into the text of a section only."""

from __future__ import annotations

import pytest

from hub.fhir.validate import validate
from tests.mappings.cda.documents import converted, document, made, observation, pq, section

BESIDE = """<table><tbody><tr><td>体温(℃)</td><td>36.8</td><td>脉率</td><td>72次/分</td></tr>
<tr><td>血压</td><td>150/95mmHg</td></tr><tr><td>主诉</td><td>头晕</td></tr><tr><td>随便</td><td>5</td></tr></tbody></table>"""
BELOW = """<table><thead><tr><th>体温</th><th>脉率</th><th>血压(mmHg)</th><th>主诉</th></tr></thead>
<tbody><tr><td>36.8℃</td><td>72次/分</td><td>150/95</td><td>头晕</td></tr></tbody></table>"""
LINES = "<paragraph>体温：36.8℃，脉率：72次/分；血压：150/95mmHg</paragraph><list><item>主诉: 头晕</item></list>"


@pytest.mark.parametrize("text", [BESIDE, BELOW, LINES], ids=["beside", "below", "lines"])
def test_named_values_of_a_text_are_observations_that_say_where_they_come_from(text: str) -> None:
    source = document(section("8716-3", "VITAL SIGNS", more=f"<text>{text}</text>"))
    found = made(source, "Observation")
    told = [
        (each["code"]["coding"][0]["code"], each.get("valueString") or each["valueQuantity"]["value"]) for each in found
    ]
    assert [code for code, _ in told] == [
        "DE04.10.186.00",
        "DE04.10.118.00",
        "DE04.10.174.00",
        "DE04.10.176.00",
        "DE04.01.119.00",
    ]
    assert [str(value) for _, value in told] == ["36.8", "72", "150", "95", "头晕"]
    assert [each["valueQuantity"]["code"] for each in found[1:4]] == ["/min", "mm[Hg]", "mm[Hg]"]
    assert all(each["extension"][0]["url"].endswith("/cda-from-narrative") for each in found)
    assert [issue for each in found for issue in validate(each) if issue.severity == "error"] == []
    assert [issue["code"] for issue in converted(source)["issues"]] == ["from-narrative"]


@pytest.mark.parametrize(
    "text",
    [
        section("18776-5", "TREATMENT PLAN", more=f"<text>{BESIDE}</text>"),
        section(
            "8716-3",
            "VITAL SIGNS",
            [observation("DE04.10.188.00", "体重", pq("60", "kg"))],
            more=f"<text>{LINES}</text>",
        ),
        section("8716-3", "VITAL SIGNS", more="<text>患者自述头晕，过敏史：不详</text>"),
    ],
    ids=["plan", "coded-too", "no-element"],
)
def test_a_text_beside_entries_a_plan_and_names_of_several_elements_give_nothing(text: str) -> None:
    found = made(document(text), "Observation")
    assert not any("extension" in each for each in found)
