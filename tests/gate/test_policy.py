"""The condition made from an inquiry says of every row what the decision says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.decide import decide, decide_for
from consent.decision import Reason
from consent.facts import read_facts
from consent.inquiry import read_inquiry
from consent.tables import RECORD_TYPES
from hub.gate.policy import permitted
from hub.gate.provisions import key_of
from hub.kernel.types import Json
from hub.store.conditions import Not, Timed, TypeIn
from hub.store.logic import ALWAYS, NEVER, every, no, some
from tests.consent import cases, strategies
from tests.gate.rows import holds

OWN: Final = frozenset({"county", "ward"})


def agrees(case: Json, own: frozenset[str] = OWN) -> bool:
    """Whether condition and decision say the same of the case's resource; a condition is about patient data only."""
    inquiry = read_inquiry(case)
    facts = read_facts(case["resource"], inquiry.references)
    labels = frozenset(f"{one.get('system', '')}|{one.get('code', '')}" for one in case["resource"]["securityLabel"])
    condition = permitted(inquiry, own, pointed(case))
    return holds(condition, facts, labels) is decide_for(inquiry, facts).permitted


def pointed(case: Json) -> Mapping[str, frozenset[UUID]]:
    """What refers to the resource, the other way round, as the store would tell it."""
    key = key_of(case["resource"]["reference"])
    assert key is not None
    return {reference: frozenset({key}) for reference in case["resource"].get("referencedBy", ())}


@settings(max_examples=400, deadline=None)
@given(case=strategies.any_cases())
def test_condition_and_decision_agree_on_any_consents(case: Json) -> None:
    assert agrees(case)


ROLES: Final = ["patient", "proxy", "family-doctor", "clinician"]
SECONDARY: Final = {
    "regional-centre": ["HOPERAT", "HQUALIMP", "PUBHLTH", "TREAT"],
    "researcher": ["HRESCH", "CLINTRCH", "PRODRD"],
    "enterprise": ["PRODRD", "HRESCH"],
}


@st.composite
def secondary_cases(draw: st.DrawFn) -> Json:
    """Those who may use no identified record: every purpose, form, type, approval and label, with consents."""
    role = draw(st.sampled_from(sorted(SECONDARY)))
    purposes = draw(st.lists(st.sampled_from(SECONDARY[role]), min_size=1, max_size=2, unique=True))
    approval = {
        **cases.APPROVAL,
        "status": draw(st.sampled_from(["approved", "approved", "revoked"])),
        "organization": draw(st.sampled_from(["Organization/university", "Organization/county"])),
        "resourceTypes": draw(st.sampled_from([[], ["Observation"], ["Condition"]])),
    }
    request = cases.asked(
        role,
        purpose=purposes,
        form=draw(st.sampled_from(["deidentified", "aggregate", "aggregate", "identified"])),
        ethicsApproval=draw(st.sampled_from([approval, ...])),
    )
    rtype = draw(st.sampled_from(["Observation", "Observation", "Consent", "DocumentReference", "Condition"]))
    labels = draw(st.sampled_from([[], [], ["R"], ["V"], ["HIV"]]))
    resource = cases.resource(resourceType=rtype, securityLabel=cases.label(*labels))
    policy = {"clinical": "opt-out", "secondary": draw(st.sampled_from(["opt-out", "opt-in"]))}
    given = draw(st.lists(strategies.consents(), max_size=2))
    return cases.case(*given, policy=policy, request=request, resource=resource)


@settings(max_examples=400, deadline=None)
@given(case=secondary_cases())
def test_condition_and_decision_agree_on_secondary_use(case: Json) -> None:
    assert agrees(case)


@st.composite
def plain_cases(draw: st.DrawFn) -> Json:
    """Every role, age, author, label, purpose and approval with at most one consent: the order of decision."""
    role = draw(st.sampled_from(ROLES))
    purpose = draw(
        st.sampled_from([["TREAT"], ["PATRQT"], ["FAMRQT"], ["BTG"], ["ETREAT"], ["COC", "BTG"], ["HRESCH"]])
    )
    declared = {
        "declared": draw(st.booleans()),
        "justification": draw(st.sampled_from(["昏迷", " "])),
        "declaredAt": draw(st.sampled_from(["2026-06-10T06:00:00+08:00", "2026-06-10T05:59:59+08:00", "2026-06-11"])),
    }
    second = draw(st.sampled_from([None, "Practitioner/other", cases.CLINICIAN]))
    request = cases.asked(
        role,
        purpose=purpose,
        form=draw(st.sampled_from(["identified", "aggregate"])),
        breakGlass=draw(st.sampled_from([declared, ...])),
        coApproval=... if second is None else {"reference": second, "organization": "Organization/ward"},
    )
    kind = draw(st.sampled_from(["parent", "legal-guardian", "delegate", "friend"]))
    scope = draw(st.sampled_from([["read"], ["read", "consent"], ["consent"]]))
    person = cases.person(
        birthDate=draw(st.sampled_from(["1970-03-01", "2010-06-10", "2012-06-11", "2012-06-10", ...])),
        proxies=[cases.proxy(kind, scope=scope, status=draw(st.sampled_from(["active", "inactive"])))],
        managedBy=draw(st.sampled_from([..., [{"practitioner": cases.DOCTOR, "period": {"start": "2026"}}]])),
        careRelationships=draw(st.sampled_from([..., [{"organization": "Organization/ward", "period": {}}]])),
    )
    labels = draw(
        st.sampled_from([[], ["NOPAT"], ["SDV"], ["HIV"], ["R"], ["V"], ["M", "V"], ["X-LABEL"], ["S"], ["S", "L"]])
    )
    resource = cases.resource(
        resourceType=draw(st.sampled_from(["Observation", "Consent", "AuditEvent"])),
        securityLabel=cases.label(*labels) + draw(st.sampled_from([[], [{"system": "urn:foreign", "code": "1"}]])),
        authorOrganization=draw(st.sampled_from([f"Organization/{code}" for code in ("county", "ward", "township")])),
    )
    consents = draw(st.lists(strategies.consents(), max_size=1))
    policy = {"clinical": draw(st.sampled_from(["opt-out", "opt-in"]))}
    return cases.case(*consents, policy=policy, request=request, patient=person, resource=resource)


@settings(max_examples=600, deadline=None)
@given(case=plain_cases())
def test_condition_and_decision_agree_on_every_step_of_the_order(case: Json) -> None:
    own = OWN if case["request"]["requester"].get("organization") == "Organization/county" else frozenset({"township"})
    assert agrees(case, own)


FAR: Final = "9999-12-31T23:00:00-12:00"
BOUNDS: Final = [..., "2026-05-20", "2026-05-20T09:00:00+08:00", "0001-01-01", "9999-12-31", FAR]
TIMES: Final = ["2026-05-19", "2026-05-20", "2026-05-20T09:00:00+08:00", "2026-05", {"start": "2026"}, {"end": "2026"}]


@pytest.mark.parametrize("kind", ["permit", "deny"])
@pytest.mark.parametrize("start", BOUNDS)
@pytest.mark.parametrize("end", BOUNDS)
@pytest.mark.parametrize("time", [*TIMES, ...])
def test_they_agree_at_the_ends_of_a_data_period(kind: str, start: Any, end: Any, time: Any) -> None:
    ends = {name: value for name, value in (("start", start), ("end", end)) if value is not ...}
    about = {"actor": cases.actor(cases.CLINICIAN), "dataPeriod": ends} if ends else {"actor": cases.actor("x")}
    consent = cases.consent(kind, about=about)
    for make in (cases.case, cases.strange):
        assert agrees(make(consent, resource=cases.resource(clinicalTime=time, securityLabel=[])))


@pytest.mark.parametrize("role", ["auditor", "mpi-steward", None])
def test_other_roles_are_permitted_nothing(role: str | None) -> None:
    case = cases.case(request=cases.asked(requester={"role": role}))
    assert permitted(read_inquiry(case), OWN, {}) == NEVER


def test_what_is_certain_is_no_part_of_a_condition() -> None:
    observation: Any = TypeIn(frozenset({"Observation"}))
    assert every([ALWAYS, observation, observation]) == observation
    assert every([observation, NEVER]) == some([]) == NEVER
    assert some([observation, ALWAYS]) == every([]) == ALWAYS
    assert no(no(observation)) == observation
    assert no(ALWAYS) == NEVER
    assert no(Timed()) == Not(Timed())


def test_a_clinician_never_reads_records_about_the_record_even_of_the_own_organisation() -> None:
    for rtype in RECORD_TYPES:
        resource = cases.resource(resourceType=rtype, authorOrganization="Organization/county", securityLabel=[])
        assert agrees(cases.case(resource=resource))
        assert decide(cases.case(resource=resource)).reason == Reason.RECORD_RESTRICTED
