"""What a permitted resource repeats of a hidden one."""

from __future__ import annotations

from typing import Any, Final

from hub.fhir.json import dumps, loads
from hub.gate.trimming import pointers, trimmed

HIDDEN: Final = {("Observation", "hiv")}
REPORT: Final[Any] = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "text": {"status": "generated", "div": "<div>HIV antibody positive</div>"},
    "subject": {"reference": "Patient/a", "display": "沈桂兰"},
    "performer": [{"reference": "Practitioner/fang", "display": "方"}],
    "result": [
        {"reference": "Observation/hiv", "display": "HIV antibody", "identifier": {"value": "L-9"}},
        {"reference": "Observation/glucose", "display": "glucose"},
    ],
    "media": [{"link": {"reference": "Observation/hiv/_history/2", "display": "again"}}],
    "conclusionCode": [{"text": "1.50", "coding": [{"display": "stays"}]}],
}


def cut(resource: Any, hidden: Any) -> Any:
    return loads(trimmed(dumps(resource), hidden))


def test_displays_and_identifiers_of_hidden_targets_go_wherever_they_stand() -> None:
    report = cut(REPORT, HIDDEN)
    assert report["result"] == [{"reference": "Observation/hiv"}, REPORT["result"][1]]
    assert report["media"] == [{"link": {"reference": "Observation/hiv/_history/2"}}]


def test_the_narrative_goes_with_them_and_the_rest_stays() -> None:
    report = cut(REPORT, HIDDEN)
    assert "text" not in report
    for element in ("subject", "performer", "conclusionCode"):
        assert report[element] == REPORT[element]


def test_a_body_that_points_to_nothing_hidden_leaves_as_it_is() -> None:
    body = dumps(REPORT)
    assert trimmed(body, {("Observation", "other")}) is body
    assert trimmed(body, set()) is body


def test_only_targets_about_patients_are_pointers() -> None:
    assert pointers(dumps(REPORT)) == {("Patient", "a"), ("Observation", "hiv"), ("Observation", "glucose")}


def test_what_only_looks_like_a_reference_is_left_alone() -> None:
    note = {"resourceType": "Communication", "payload": [{"contentString": '"reference":"Observation/hiv"'}]}
    assert cut(note, HIDDEN) == note
    elsewhere = {"resourceType": "List", "entry": [{"item": {"reference": "https://x.example/Observation/hiv"}}]}
    assert cut(elsewhere, HIDDEN) == elsewhere
