"""The sections of a patient summary. Facts only.

Codes, and their English displays: International Patient Summary 2.0 (http://hl7.org/fhir/uv/ips, Composition-uv-ips),
LOINC. Chinese titles: ours. A section that IPS requires stands even when there is nothing to tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

#: What of a resource, besides its type, says whether it belongs to a section.
Kind = Literal["all", "active", "past", "results", "vital-signs", "social-history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """LOINC `code` with its `display`, the `title`, the `types` it lists, and which of them (`kind`)."""

    code: str
    display: str
    title: str
    types: tuple[str, ...]
    kind: Kind = "all"
    required: bool = False


SUMMARY: Final = Section(code="60591-5", display="Patient summary Document", title="患者摘要", types=())

SECTIONS: Final = (
    Section(
        code="11450-4",
        display="Problem list - Reported",
        title="健康问题",
        types=("Condition",),
        kind="active",
        required=True,
    ),
    Section(
        code="48765-2",
        display="Allergies and adverse reactions Document",
        title="过敏与不耐受",
        types=("AllergyIntolerance",),
        required=True,
    ),
    Section(
        code="10160-0",
        display="History of Medication use Narrative",
        title="用药情况",
        types=("MedicationStatement", "MedicationRequest"),
        required=True,
    ),
    Section(code="11369-6", display="History of Immunization Narrative", title="预防接种", types=("Immunization",)),
    Section(
        code="30954-2",
        display="Relevant diagnostic tests/laboratory data Narrative",
        title="检验与检查结果",
        types=("Observation",),
        kind="results",
    ),
    Section(code="47519-4", display="History of Procedures Document", title="手术与操作", types=("Procedure",)),
    Section(
        code="46264-8", display="History of medical device use", title="医疗器械使用", types=("DeviceUseStatement",)
    ),
    Section(code="8716-3", display="Vital signs", title="生命体征", types=("Observation",), kind="vital-signs"),
    Section(
        code="11348-0",
        display="History of Past illness Narrative",
        title="既往疾病",
        types=("Condition",),
        kind="past",
    ),
    Section(
        code="29762-2",
        display="Social history Narrative",
        title="生活方式",
        types=("Observation",),
        kind="social-history",
    ),
)

#: Types about no patient, or of a patient's devices, that the sections' resources refer to.
ABOUT_NOBODY: Final = ("Device", "Medication", "Organization", "Practitioner", "PractitionerRole")

#: `status` or `verificationStatus` of what is no statement about the patient.
VOID: Final = frozenset({"entered-in-error", "draft", "cancelled", "refuted"})

#: Condition.clinicalStatus of what is over (http://hl7.org/fhir/ValueSet/condition-clinical).
PAST: Final = frozenset({"inactive", "remission", "resolved"})

#: Observation.category of what is told among results; an Observation without category is, too.
RESULTS: Final = frozenset({"laboratory", "imaging"})
