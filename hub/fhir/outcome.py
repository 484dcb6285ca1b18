"""OperationOutcome, the form of every complaint over FHIR (R4 operationoutcome.html)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hub.fhir.value_sets import codes
from hub.kernel.errors import HTTP, HubError
from hub.kernel.types import Issue, Json

#: Where another issue type says more than the category's (R4 valueset-issue-type.html), or a standard names one: IHE
#: PIXm ITI-83 for domains that are not recognised.
_ISSUE_OF_CODE: Final = {
    "deleted": "deleted",
    "disk-full": "no-store",
    "search-value": "value",
    "several-matches": "multiple-matches",
    "source-domain": "code-invalid",
    "target-domain": "code-invalid",
    "too-costly": "too-costly",
}
#: What of `HubError.where` is a path of elements, as `issue.expression` has them: "Bundle.entry[1].resource.gender".
_PATH: Final = re.compile(r"[A-Z][A-Za-z]*(?:\.[a-z]\w*(?:\[\d+\])?)+")
_ISSUE_TYPES: Final = codes("issue-type") or frozenset()


def operation_outcome(source: HubError | Iterable[Issue]) -> Json:
    """The OperationOutcome of one refusal, or of issues (none: all is well).

    `code` is of the value set issue-type: the category's for a refusal, an issue's own where it is one of them, else
    `processing`. A code that says more stands in `details`. Texts say where, what and what to do.
    """
    issues = [_refusal(source)] if isinstance(source, HubError) else [_issue(issue) for issue in source]
    return {"resourceType": "OperationOutcome", "issue": issues or [_all_well()]}


def _refusal(error: HubError) -> Json:
    issue: Json = {"severity": "error", "code": _ISSUE_OF_CODE.get(error.code, HTTP[error.category].issue)}
    if error.code != error.category.value:
        issue["details"] = {"coding": [{"code": error.code}]}
    issue["diagnostics"] = str(error)
    if _PATH.fullmatch(error.where):
        issue["expression"] = [error.where]
    return issue


def _issue(issue: Issue) -> Json:
    known = issue.code in _ISSUE_TYPES
    found: Json = {"severity": issue.severity, "code": issue.code if known else "processing"}
    if not known:
        found["details"] = {"coding": [{"code": issue.code}]}
    found["diagnostics"] = issue.text
    if issue.where:
        found["expression"] = [issue.where]
    return found


def _all_well() -> Json:
    return {"severity": "information", "code": "informational", "diagnostics": "All is well."}
