"""The resource of a case: what the rules look at, read once (sections 1 and 2)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from consent.criteria import usable_codings
from consent.references import References
from consent.rule import Coded
from consent.shapes import items, pair, present, record, records, text
from consent.tables import ACT_CODE, CONFIDENTIALITY, NORMAL, RANKS, RESTRICTED, SENSITIVITY_KINDS
from consent.times import NEVER, Period, read_period, span

_NO_LABELS: Final[frozenset[str]] = frozenset()


class Facts(Struct, frozen=True, kw_only=True):
    """One resource. References are cleaned; times are the whole span, None if there is none that can be read.

    `patient` is None only if there is none; one that cannot be read is empty, and nobody's.
    `confidentiality` is the effective one, as a rank. `labels` are the v3-ActCode codes it carries, `reach` those and
    all that its sensitivity labels are a kind of: what a provision may name to fit. `sensitivities` holds, for each
    sensitivity label, the labels that cover it.
    """

    type: str | None
    reference: str | None = None
    patient: str | None = None
    author_organisation: str | None = None
    authors: frozenset[str] = frozenset()
    codes: frozenset[Coded] = frozenset()
    profiles: frozenset[str] = frozenset()
    clinical_time: Period | None = None
    points_to: frozenset[str] = frozenset()
    pointed_to_by: frozenset[str] = frozenset()
    confidentiality: int = NORMAL
    labels: frozenset[str] = _NO_LABELS
    reach: frozenset[str] = _NO_LABELS
    sensitivities: tuple[frozenset[str], ...] = ()

    @property
    def restricted(self) -> bool:
        return self.confidentiality >= RESTRICTED


def read_facts(resource: object, references: References) -> Facts:
    """Reads the case's `resource`; never raises."""
    fields = record(resource)
    ranks, labels = _read_labels(fields.get("securityLabel"))
    sensitivities = tuple(SENSITIVITY_KINDS[label] for label in sorted(labels & SENSITIVITY_KINDS.keys()))
    return Facts(
        type=text(fields.get("resourceType")),
        reference=references.clean(fields.get("reference")),
        patient=_patient(fields.get("patient"), references),
        author_organisation=references.clean(fields.get("authorOrganization")),
        authors=references.all(fields.get("authors")),
        codes=usable_codings(records(fields.get("code"))),
        profiles=frozenset(filter(None, map(text, items(fields.get("profile"))))),
        clinical_time=_clinical_time(fields.get("clinicalTime")),
        points_to=references.all(fields.get("references")),
        pointed_to_by=references.all(fields.get("referencedBy")),
        confidentiality=_effective(ranks, sensitive=bool(sensitivities)),
        labels=labels,
        reach=labels.union(*sensitivities),
        sensitivities=sensitivities,
    )


def _patient(value: object, references: References) -> str | None:
    return references.clean(value) or ("" if present(value) and value != "" else None)


def _read_labels(values: object) -> tuple[set[int], frozenset[str]]:
    """Ranks and v3-ActCode labels.

    A label under a foreign or missing system counts as confidentiality R. So does a code v3-Confidentiality does not
    have, on which the rules are silent: its retired codes (HIV, PSY, SDV, S, T) all ask for more than N.
    """
    ranks: set[int] = set()
    labels: set[str] = set()
    for system, code in map(pair, items(values)):
        if system == CONFIDENTIALITY:
            ranks.add(RANKS.get(code or "", RESTRICTED))
        elif system == ACT_CODE:
            labels.update({code} if code else ())
        else:
            ranks.add(RESTRICTED)
    return ranks, frozenset(labels)


def _effective(ranks: set[int], *, sensitive: bool) -> int:
    labelled = max(ranks, default=NORMAL)
    return max(labelled, RESTRICTED) if sensitive else labelled


def _clinical_time(value: object) -> Period | None:
    if isinstance(value, str):
        return span(value)
    found = read_period(value)
    return None if found == NEVER else found
