"""Section 3: the order of decision. The first step that decides wins."""

from __future__ import annotations

from consent.break_glass import applies, break_glass
from consent.combine import form_obligations, ordinary
from consent.configuration import DEFAULT, Configuration
from consent.decision import Decision, Reason, deny, permit
from consent.facts import Facts, read_facts
from consent.inquiry import Inquiry, read_inquiry
from consent.proxies import proxy_access
from consent.shapes import record
from consent.tables import (
    BREAK_THE_GLASS,
    CLINICAL_ROLES,
    CLINICIAN,
    DEIDENTIFIED,
    NON_PATIENT_TYPES,
    NOT_DEIDENTIFIABLE,
    PATIENT,
    PROXY,
    RECORD_TYPES,
    RESEARCHER,
    ROLES,
)


def decide(case: object, configuration: Configuration = DEFAULT) -> Decision:
    """Decide one raw case: `{policy, directory, patient, consents, request, resource}` as in section 1.

    Never raises. What is missing or has a shape it must not have counts as absent: a case that is no object, or
    whose request or resource is none, is an `invalid-request`; a missing policy is opt-in; a patient that cannot be
    read has no references, so all data about a patient is a `patient-mismatch`.
    """
    fields = record(case)
    inquiry = read_inquiry(fields, configuration)
    return decide_for(inquiry, read_facts(fields.get("resource"), inquiry.references))


def decide_for(inquiry: Inquiry, facts: Facts) -> Decision:
    """Decide a prepared request for one resource."""
    refusal = _refusal(inquiry, facts)
    if refusal is not None:
        return refusal
    match inquiry.role:
        case "patient":
            return _self_access(inquiry, facts)
        case "proxy":
            return proxy_access(inquiry, facts)
    short = _short_way(inquiry, facts)
    if short is not None:
        return short
    found = ordinary(inquiry, facts)
    return found if found.permitted or not applies(inquiry) else break_glass(inquiry, facts)


def _refusal(inquiry: Inquiry, facts: Facts) -> Decision | None:
    """Steps 1 to 7: what every request must be. The only permit among them is for what is about no patient."""
    request = inquiry.request
    name = request.requester.role
    if name is None or not request.purposes or request.time is None or facts.type is None:
        return deny(Reason.INVALID_REQUEST)
    role = ROLES.get(name)
    if role is None:
        return deny(Reason.ROLE_NOT_ALLOWED)
    if facts.patient is None and facts.type in NON_PATIENT_TYPES:
        return permit(Reason.NOT_PATIENT_DATA)
    if facts.patient not in inquiry.person.references:
        return deny(Reason.PATIENT_MISMATCH)
    if not request.purposes <= role.purposes:
        return deny(Reason.PURPOSE_NOT_ALLOWED)
    if BREAK_THE_GLASS in request.purposes and not request.break_glass.declared:
        return deny(Reason.BREAK_GLASS_NOT_JUSTIFIED)
    if request.form not in role.forms:
        return deny(Reason.FORM_NOT_ALLOWED)
    if request.form == DEIDENTIFIED and facts.type in NOT_DEIDENTIFIABLE:
        return deny(Reason.NOT_DEIDENTIFIABLE)
    if facts.type in RECORD_TYPES and name not in {PATIENT, PROXY}:
        return deny(Reason.RECORD_RESTRICTED)
    return None


def _self_access(inquiry: Inquiry, facts: Facts) -> Decision:
    """Step 8. Consents play no part."""
    if inquiry.request.requester.reference not in inquiry.person.references:
        return deny(Reason.NOT_SELF)
    age = inquiry.person.age_at(inquiry.time)
    if age is None or age < inquiry.configuration.age_of_capacity:
        return deny(Reason.NO_CAPACITY)
    if not inquiry.configuration.withheld_from_patient.isdisjoint(facts.labels):
        return deny(Reason.WITHHELD_FROM_PATIENT)
    return permit(Reason.SELF_ACCESS)


def _short_way(inquiry: Inquiry, facts: Facts) -> Decision | None:
    """Steps 10 to 12: what is decided without looking at consents."""
    request = inquiry.request
    if inquiry.role == RESEARCHER and not (inquiry.approved and facts.type in (request.ethics.types or {facts.type})):
        return deny(Reason.ETHICS_APPROVAL_MISSING)
    if inquiry.statutory:
        return permit(Reason.STATUTORY_PUBLIC_HEALTH, form_obligations(request.form))
    if inquiry.role in CLINICAL_ROLES and (inquiry.role == CLINICIAN or inquiry.related):
        same = inquiry.organisations.same_entity(request.requester.organisation, facts.author_organisation)
        return permit(Reason.AUTHOR_ORGANISATION) if same else None
    return None
