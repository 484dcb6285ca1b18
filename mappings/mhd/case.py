"""One submission at work: who sent it, whom it is about."""

from __future__ import annotations

from dataclasses import dataclass

from hub.kernel.ids import IdMaker
from hub.kernel.types import Json
from mappings.mhd.about import numbers_of, patient_id
from mappings.mhd.submission import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose submissions these are: the facility, what makes ids, the base of extensions, the zone of its documents."""

    facility: str
    ids: IdMaker
    canonical_base: str
    zone: str

    def id_of(self, kind: str, authority: str, key: str) -> str:
        return self.ids(self.facility, kind, authority, key)


@dataclass(frozen=True, slots=True)
class Case:
    """A submission of a sender. `subject` is the id of its source Patient, `numbers` those it states of it."""

    submission: Submission
    sender: Sender
    subject: str
    numbers: tuple[Json, ...]

    @property
    def whom(self) -> Json:
        """A reference to the Patient."""
        return {"reference": f"Patient/{self.subject}"}


def case_of(submission: Submission, sender: Sender) -> Case:
    """The case of a submission. Raises HubError INVALID where nothing says who the patient is."""
    return Case(submission, sender, patient_id(submission, sender.id_of), tuple(numbers_of(submission)))
