"""The order of decision (section 3)."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from tests.consent.literal.apart import break_glass, is_emergency, proxy
from tests.consent.literal.case import CARERS, ROLES, Case
from tests.consent.literal.moments import covers, reference, without_nulls
from tests.consent.literal.ordinary import Answer, form_obligations, ordinary

_NON_PATIENT: Final = (
    *("Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "ValueSet", "CodeSystem"),
    *("ConceptMap", "StructureDefinition", "CapabilityStatement", "Medication"),
)
_NOT_DEIDENTIFIABLE: Final = ("Binary", "DocumentReference", "Media", "Communication", "RelatedPerson", "Person")
_RECORDS: Final = ("Consent", "AuditEvent")


def answer(given: Json) -> Answer:
    """3: the first step that decides wins."""
    case = Case(without_nulls(given))
    refused = _refused(case)
    if refused:
        return refused, frozenset()
    if case.role == "patient":
        return _self(case), frozenset()
    if case.role == "proxy":
        return proxy(case)
    short = _short(case)
    if short:
        return short, form_obligations(case) if case.role == "regional-centre" else frozenset()
    found = ordinary(case)
    return break_glass(case) if is_emergency(case, found) else found


def _refused(case: Case) -> str:
    """3, steps 1 to 7; what is about no patient is permitted there."""
    kind, patient = case.resource["resourceType"], case.resource.get("patient")
    purposes, forms = ROLES.get(case.role, ([], []))
    declared = case.request.get("breakGlass", {}).get("declared") is True
    steps = {
        "deny invalid-request": not case.role or not case.purposes or not kind or not case.is_timed,
        "deny role-not-allowed": case.role not in ROLES,
        "permit not-patient-data": kind in _NON_PATIENT and not patient,
        "deny patient-mismatch": reference(patient) not in case.mine,
        "deny purpose-not-allowed": not set(case.purposes) <= set(purposes),
        "deny break-glass-not-justified": "BTG" in case.purposes and not declared,
        "deny form-not-allowed": case.form not in forms,
        "deny not-deidentifiable": case.form == "deidentified" and kind in _NOT_DEIDENTIFIABLE,
        "deny record-restricted": kind in _RECORDS and case.role not in ("patient", "proxy"),
    }
    return next((said for said, applies in steps.items() if applies), "")


def _self(case: Case) -> str:
    """3, step 8."""
    years = case.age(case.time)
    if case.asker not in case.mine:
        return "deny not-self"
    if years is None or years < 14:
        return "deny no-capacity"
    return "deny withheld-from-patient" if case.carries("NOPAT") else "permit self-access"


def _short(case: Case) -> str:
    """3, steps 10 to 12."""
    home = case.requester.get("organization")
    if case.role == "researcher" and not _approved(case):
        return "deny ethics-approval-missing"
    if case.role == "regional-centre" and case.purposes == ["PUBHLTH"]:
        return "permit statutory-public-health"
    own = case.same_entity(home, case.resource.get("authorOrganization"))
    if case.role in CARERS and own and (case.role == "clinician" or case.related):
        return "permit author-organisation"
    return ""


def _approved(case: Case) -> bool:
    approval = case.request.get("ethicsApproval", {})
    types = approval.get("resourceTypes") or [case.resource["resourceType"]]
    return (
        approval.get("status") == "approved"
        and reference(approval.get("organization")) in case.chain(case.requester.get("organization"))
        and covers(approval, case.time, if_missing=False)
        and case.resource["resourceType"] in types
    )
