"""OperationOutcome of refusals and issues."""

from __future__ import annotations

import pytest

from hub.fhir.outcome import operation_outcome
from hub.fhir.value_sets import codes
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue


@pytest.mark.parametrize("category", Category)
def test_a_refusal_of_every_category_has_a_code_of_the_required_value_set(category: Category) -> None:
    error = HubError(category, "what", where="Patient.name", todo="do this")
    outcome = operation_outcome(error)
    (issue,) = outcome["issue"]
    assert issue["code"] in (codes("issue-type") or ())
    assert issue["severity"] == "error"
    assert issue["diagnostics"] == str(error)
    assert "details" not in issue


def test_a_code_that_says_more_than_the_category_stands_in_the_details() -> None:
    outcome = operation_outcome(HubError(Category.INVALID, "what", code="patient-mismatch"))
    assert outcome["issue"][0]["details"] == {"coding": [{"code": "patient-mismatch"}]}


@pytest.mark.parametrize(
    ("category", "code", "issue_type"),
    [
        (Category.NOT_FOUND, "deleted", "deleted"),
        (Category.PRECONDITION, "several-matches", "multiple-matches"),
        (Category.TOO_LARGE, "too-costly", "too-costly"),
        (Category.INVALID, "search-value", "value"),
        (Category.UNAVAILABLE, "disk-full", "no-store"),
    ],
)
def test_the_issue_type_that_says_most_is_told(category: Category, code: str, issue_type: str) -> None:
    """R4 valueset-issue-type.html."""
    (issue,) = operation_outcome(HubError(category, "what", code=code))["issue"]
    assert issue["code"] == issue_type
    assert issue_type in (codes("issue-type") or ())


@pytest.mark.parametrize(
    ("where", "expression"),
    [
        ("Bundle.entry[1]", ["Bundle.entry[1]"]),
        ("Bundle.entry[1].resource.subject.reference", ["Bundle.entry[1].resource.subject.reference"]),
        ("Parameters.parameter[0].part(value)", None),
        ("Patient", None),
        ("URL", None),
        ("birthdate", None),
        ("Bundle.entry[0]: nope", None),
    ],
)
def test_a_refusal_that_names_an_element_has_it_as_its_expression(where: str, expression: list[str] | None) -> None:
    (issue,) = operation_outcome(HubError(Category.INVALID, "what", where=where))["issue"]
    assert issue.get("expression") == expression


def test_issues_keep_severity_place_and_text() -> None:
    issues = [
        Issue(severity="error", where="Patient.gender", code="code-invalid", text="no such code"),
        Issue(severity="warning", where="", code="no-such-map", text="left out"),
    ]
    assert operation_outcome(issues)["issue"] == [
        {"severity": "error", "code": "code-invalid", "diagnostics": "no such code", "expression": ["Patient.gender"]},
        {
            "severity": "warning",
            "code": "processing",
            "details": {"coding": [{"code": "no-such-map"}]},
            "diagnostics": "left out",
        },
    ]


def test_no_issue_at_all_is_good_news() -> None:
    assert operation_outcome([])["issue"][0]["severity"] == "information"
