"""Refusals of the records door that carry more than one text."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue


class NonconformantError(HubError):
    """A resource that does not validate. `issues` are all complaints; their positions are paths of elements, below
    `where` when that names an entry of a Bundle.
    """

    def __init__(self, issues: Sequence[Issue], where: str = "") -> None:
        super().__init__(Category.INVALID, "does not conform to FHIR R4", where=where, todo="mend the elements named")
        self.issues = tuple(issues) if not where else tuple(_below(issue, where) for issue in issues)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.issues, self.where)


def _below(issue: Issue, where: str) -> Issue:
    """`Patient.gender` as `Bundle.entry[1].resource.gender`."""
    rest = issue.where.partition(".")[2]
    return replace(issue, where=f"{where}.resource.{rest}" if rest else f"{where}.resource")


def _rebuild(issues: tuple[Issue, ...], where: str) -> NonconformantError:
    error = NonconformantError(issues)
    error.where = where
    return error


class NotYoursError(HubError):
    """A resource the client may not change. `exists` is for the audit trail alone: a client is told one text."""

    def __init__(self, rtype: str, where: str, organization: str, *, exists: bool) -> None:
        super().__init__(
            Category.NOT_FOUND,
            "no such resource of your facility",
            where=where or rtype,
            todo=f"POST lets the server choose the id; an id you choose begins with {organization}-",
            code="not-yours",
        )
        self.exists = exists


class ClaimedError(HubError):
    """A conditional create that lost the race for its criterion; `holder` (type, id) is the one that has it."""

    def __init__(self, holder: tuple[str, str], where: str = "") -> None:
        super().__init__(
            Category.CONFLICT, "another request has just created this", where=where, todo="try again", code="claimed"
        )
        self.holder = holder

    def __reduce__(self) -> tuple[object, ...]:
        return ClaimedError, (self.holder, self.where)
