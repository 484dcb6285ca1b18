"""The closed error taxonomy, and its one table each to HTTP + OperationOutcome, the HL7 acknowledgement and DIMSE.

Every refusal the hub makes is a `HubError` of one of the categories below. The text says where, what and what to do,
and never contains patient data: callers put positions and codes in it, not values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final


class Category(StrEnum):
    """Why something was refused. There are no others."""

    UNREADABLE = "unreadable"  #: not parseable as the format it claims to be
    INVALID = "invalid"  #: readable, but breaks a rule of its standard or of the facility profile
    UNSUPPORTED = "unsupported"  #: right, but the hub does not do this
    UNAUTHENTICATED = "unauthenticated"  #: no valid credential
    FORBIDDEN = "forbidden"  #: a valid credential without this right
    NOT_FOUND = "not-found"  #: absent, or hidden in a way that must look absent
    CONFLICT = "conflict"  #: clashes with what is stored, or with a concurrent change
    PRECONDITION = "precondition"  #: If-Match or a conditional criterion does not hold
    TOO_LARGE = "too-large"  #: over a size, count or depth limit
    THROTTLED = "throttled"  #: over a rate limit
    UNAVAILABLE = "unavailable"  #: something the hub needs is away; try again
    FAULT = "fault"  #: a defect of the hub


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """How a category is told over HTTP: status and OperationOutcome issue code (FHIR R4 value set issue-type)."""

    status: int
    issue: str


@dataclass(frozen=True, slots=True)
class AckAnswer:
    """How a category is told by an HL7 v2 acknowledgement: MSA-1 (table 0008), ERR-3 (table 0357), ERR-4 (0516)."""

    code: str
    error: str
    error_text: str
    severity: str = "E"


HTTP: Final[dict[Category, HttpAnswer]] = {
    Category.UNREADABLE: HttpAnswer(400, "structure"),
    Category.INVALID: HttpAnswer(422, "invalid"),
    Category.UNSUPPORTED: HttpAnswer(400, "not-supported"),
    Category.UNAUTHENTICATED: HttpAnswer(401, "login"),
    Category.FORBIDDEN: HttpAnswer(403, "forbidden"),
    Category.NOT_FOUND: HttpAnswer(404, "not-found"),
    Category.CONFLICT: HttpAnswer(409, "conflict"),
    Category.PRECONDITION: HttpAnswer(412, "conflict"),
    Category.TOO_LARGE: HttpAnswer(413, "too-long"),
    Category.THROTTLED: HttpAnswer(429, "throttled"),
    Category.UNAVAILABLE: HttpAnswer(503, "transient"),
    Category.FAULT: HttpAnswer(500, "exception"),
}

#: AR is for a sender, event or version the feed refuses; AE for everything that could not be read or stored.
ACK: Final[dict[Category, AckAnswer]] = {
    Category.UNREADABLE: AckAnswer("AE", "100", "Segment sequence error"),
    Category.INVALID: AckAnswer("AE", "102", "Data type error"),
    Category.UNSUPPORTED: AckAnswer("AR", "201", "Unsupported event code"),
    Category.UNAUTHENTICATED: AckAnswer("AR", "207", "Application internal error"),
    Category.FORBIDDEN: AckAnswer("AR", "207", "Application internal error"),
    Category.NOT_FOUND: AckAnswer("AE", "204", "Unknown key identifier"),
    Category.CONFLICT: AckAnswer("AE", "205", "Duplicate key identifier"),
    Category.PRECONDITION: AckAnswer("AE", "205", "Duplicate key identifier"),
    Category.TOO_LARGE: AckAnswer("AE", "207", "Application internal error"),
    Category.THROTTLED: AckAnswer("AE", "207", "Application internal error"),
    Category.UNAVAILABLE: AckAnswer("AE", "207", "Application internal error"),
    Category.FAULT: AckAnswer("AE", "207", "Application internal error"),
}


#: Status of a DIMSE response (PS3.4 B.2.3, PS3.7 C). What may come right by itself is out of resources: send it again.
DIMSE: Final[dict[Category, int]] = {
    Category.UNREADABLE: 0xC000,
    Category.INVALID: 0xA900,
    Category.UNSUPPORTED: 0x0122,
    Category.UNAUTHENTICATED: 0x0124,
    Category.FORBIDDEN: 0x0124,
    Category.NOT_FOUND: 0x0112,
    Category.CONFLICT: 0x0111,
    Category.PRECONDITION: 0xA900,
    Category.TOO_LARGE: 0xA700,
    Category.THROTTLED: 0xA700,
    Category.UNAVAILABLE: 0xA700,
    Category.FAULT: 0x0110,
}


class HubError(Exception):
    """A refusal: its category, where (segment, field, path, line), what is wrong, and what to do about it.

    `code` is a stable machine-readable word within the category (`unknown-parameter`, `version-mismatch`).
    """

    def __init__(self, category: Category, what: str, *, where: str = "", todo: str = "", code: str = "") -> None:
        super().__init__(what)
        self.category = category
        self.what = what
        self.where = where
        self.todo = todo
        self.code = code or category.value

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return place + "; ".join(part for part in (self.what, self.todo) if part)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.category, self.what, self.where, self.todo, self.code))


class TooSoonError(HubError):
    """THROTTLED, and after how many `seconds` to ask again."""

    def __init__(self, what: str, seconds: int, *, where: str, code: str, todo: str = "") -> None:
        again = f"ask again in {seconds} s"
        super().__init__(
            Category.THROTTLED, what, where=where, todo=f"{again}; {todo}" if todo else again, code=code
        )  # fmt: skip
        self.seconds: Final = seconds
        self._rebuilt: Final = partial(TooSoonError, what, seconds, where=where, code=code, todo=todo)

    def __reduce__(self) -> tuple[object, ...]:
        return (self._rebuilt, ())


def _rebuild(category: Category, what: str, where: str, todo: str, code: str) -> HubError:
    return HubError(category, what, where=where, todo=todo, code=code)
