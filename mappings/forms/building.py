"""One row under translation: its drafts, its issues, and what became of every cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from hub.kernel.ids import IdMaker
from hub.kernel.types import Draft, Issue, Json, ReportRow
from mappings.forms.formmap import FormMap
from mappings.forms.profile import DEFAULT, Profile
from mappings.forms.rows import REASONS, Row
from mappings.forms.wording import wording

CANONICAL_BASE: Final = "https://yilian-hub.example/fhir"
DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
#: The catalogue of health data elements (WS/T 363), as its OID.
ELEMENTS: Final = "urn:oid:2.16.156.10011.2.2.1"

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """One sender: its facility, the id maker, the canonical base, its profile."""

    facility: str
    ids: IdMaker
    canonical_base: str = CANONICAL_BASE
    profile: Profile = DEFAULT

    def extension(self, name: str) -> str:
        """Canonical URL of an extension of the hub's own."""
        return f"{self.canonical_base}/StructureDefinition/{name}"


@dataclass(frozen=True, slots=True)
class Told:
    """A complaint: which, about which column, how grave, and what fills its wording (no patient data)."""

    code: str
    column: str
    severity: Severity
    fact: str = ""

    def english(self) -> str:
        return wording()[self.code].english.format(self.fact)

    def chinese(self) -> str:
        said = wording()[self.code].chinese.format(self.fact)
        return f"{self.column}: {said}" if self.column else said


class Building:
    """The state of translating one row. `patient` is the id of its Patient once that is known."""

    def __init__(self, row: Row, form: FormMap, habits: Habits) -> None:
        self.row = row
        self.form = form
        self.habits = habits
        self.told: list[Told] = []
        self.patient = ""
        self.visit = ""
        self._drafts: list[Draft] = []
        self._targets: dict[str, dict[str, None]] = {}

    def tell(self, code: str, column: str = "", severity: Severity = "warning", fact: str = "") -> None:
        """Add a complaint of `wording.csv`."""
        self.told.append(Told(code, column, severity, fact))

    @property
    def is_refused(self) -> bool:
        return any(told.severity == "fatal" for told in self.told)

    def draft(self, rtype: str, authority: str, key: str, content: Json, *, shared: bool = False) -> Json:
        """Add a resource and return a reference to it; one that is `shared` by rows is laid over, others replaced."""
        rid = self.habits.ids(self.habits.facility, rtype, authority, key)
        resource = {"resourceType": rtype, "id": rid, **content}
        about = rid if rtype == "Patient" else self.patient or None
        merge: Literal["overlay", "replace"] = "overlay" if shared else "replace"
        owner = None if rtype == "Practitioner" else about
        self._drafts.append(Draft(resource=resource, authority=authority, key=key, patient=owner, merge=merge))
        return {"reference": f"{rtype}/{rid}"}

    def became(self, column: str, target: str) -> None:
        """Record that a cell became an element."""
        self._targets.setdefault(column, {})[target] = None

    def drafts(self) -> tuple[Draft, ...]:
        return tuple(self._drafts)

    def report(self, refusal: str = "") -> tuple[ReportRow, ...]:
        """One row for every cell that holds something; what became no element of its own is carried as an answer.

        `refusal` is why the row was not taken, "" if it was.
        """
        return tuple(self._reported(column, refusal) for column, text in self.row.cells.items() if text.strip())

    def _reported(self, column: str, refusal: str) -> ReportRow:
        if refusal or column == REASONS:
            return ReportRow(source=column, outcome="refused", reason=refusal or "tells why the row was sent back")
        targets = tuple(self._targets.get(column, ()))
        own = any(not target.startswith("QuestionnaireResponse") for target in targets)
        return ReportRow(source=column, outcome="mapped" if own else "carried", targets=targets)

    def where(self, column: str) -> str:
        number = f"row {self.row.number}" if self.row.number else ""
        return ", ".join(filter(None, (number, column)))

    def issues(self) -> tuple[Issue, ...]:
        return tuple(
            Issue(severity=told.severity, where=self.where(told.column), code=told.code, text=told.english())
            for told in self.told
        )

    def code_system(self, name: str) -> str:
        """Canonical URL of a code system of the hub's own."""
        return f"{self.habits.canonical_base}/CodeSystem/{name}"


def concept(text: str, *codings: Json) -> Json:
    """A CodeableConcept; codings without a code are left out."""
    found = [coding for coding in codings if coding.get("code")]
    return {"coding": found, "text": text} if found else {"text": text}


def coding(system: str, code: str, display: str = "") -> Json:
    """A Coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def stated(content: dict[str, Any]) -> Json:
    """Without the members that are empty."""
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}
