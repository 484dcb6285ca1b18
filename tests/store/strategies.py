"""Small random records over few values, so that they meet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from hub.kernel.types import Json

ORGS = ["F01", "F02"]
PEOPLE = ["p1", "p2", "p3"]
PERSONS = ["m1", "m2"]
PROFILES = ["urn:profile:a", "urn:profile:b|1", "http://x.example/fhir/p|1.2.0", "http://x.example/fhir/p/q"]
GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
SYSTEMS = ["urn:a", "urn:b"]
CODES = ["x", "y", "z"]
DATES = [
    "2019",
    "2020",
    "2020-02",
    "2020-02-29",
    "2020-03-01",
    "2020-02-29T23:59:59Z",
    "2020-02-29T16:00:00Z",
    "2020-02-29T23:59:59.999999+08:00",
    "2020-03-01T00:00+08:00",
    "2020-03-01T08:00:00+08:00",
    "2021-01-01T00:00:00.5Z",
]
INSTANTS = DATES[5:8]
POSITIONS = [(30.25, 120.16), (30.26, 120.17), (-30.25, -59.84), (0, 179.99), (0, -179.99), (89.99, 10), (89.99, -170)]
STORIES = ["高血压 患者", "王伟 的 HbA1c", "血压高", "fever and cough", "高血脂与血压"]
TEXTS = ["Wang", "wáng", "WANG Wei", "王伟", "王", "Mejía", "mejia lópez"]
NUMBERS = ["1", "1.0", "5", "5.40", "100", "99.6", "-2", "1e2"]
UNITS = [("http://unitsofmeasure.org", "mg", "mg"), ("http://unitsofmeasure.org", "kg", "kilogram"), (None, None, "mg")]

_MAYBE = st.booleans()


def _some(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, max_size=most)


def _without_none(**elements: Any) -> Json:
    return {key: value for key, value in elements.items() if value not in (None, [], {})}


coding = st.builds(
    lambda system, code, display: _without_none(system=system, code=code, display=display),
    st.sampled_from([*SYSTEMS, None]),
    st.sampled_from(CODES),
    st.sampled_from([*TEXTS, None]),
)
concept = st.builds(lambda c, text: _without_none(coding=c, text=text), _some(coding), st.sampled_from([*TEXTS, None]))
identifier = st.builds(
    lambda system, value, kind: _without_none(system=system, value=value, type=kind),
    st.sampled_from([*SYSTEMS, None]),
    st.sampled_from(CODES),
    st.one_of(st.none(), st.builds(lambda c: {"coding": [c]}, coding)),
)
person = st.sampled_from(PEOPLE)
date = st.sampled_from(DATES)
period = st.builds(
    lambda a, b: _without_none(start=a, end=b), st.sampled_from([*DATES, None]), st.sampled_from([*DATES, None])
)
timing = st.builds(
    lambda events, bounds: _without_none(event=events, repeat={"boundsPeriod": bounds} if bounds else None),
    _some(date),
    st.one_of(st.none(), period),
)
narrative = st.one_of(
    st.none(),
    st.sampled_from(STORIES).map(lambda text: {"status": "generated", "div": f"<div><p>{text}</p></div>"}),
)
quantity = st.builds(
    lambda n, unit, sign: _without_none(value=Decimal(n), system=unit[0], code=unit[1], unit=unit[2], comparator=sign),
    st.sampled_from(NUMBERS),
    st.sampled_from(UNITS),
    st.sampled_from([None, None, "<", ">="]),
)


def reference(rtype: str, ids: list[str]) -> st.SearchStrategy[Json]:
    return st.builds(
        lambda rid, display: _without_none(reference=f"{rtype}/{rid}", display=display),
        st.sampled_from(ids),
        st.sampled_from([*TEXTS, None, None]),
    )


patient = st.builds(
    lambda rid, name, gender, birth, identifiers, org: _without_none(
        resourceType="Patient",
        id=rid,
        name=[{"family": f} for f in name],
        gender=gender,
        birthDate=birth,
        identifier=identifiers,
        managingOrganization=org,
    ),
    person,
    _some(st.sampled_from(TEXTS)),
    st.sampled_from(["male", "female", None]),
    st.sampled_from(["1980", "1980-05", "1980-05-17", None]),
    _some(identifier),
    st.one_of(st.none(), reference("Organization", ["o1", "o2"])),
)
organization = st.builds(
    lambda rid, name, identifiers, part: _without_none(
        resourceType="Organization", id=rid, name=name, identifier=identifiers, partOf=part
    ),
    st.sampled_from(["o1", "o2"]),
    st.sampled_from([*TEXTS, None]),
    _some(identifier),
    st.one_of(st.none(), reference("Organization", ["o1", "o2"])),
)


def _observation(
    rid: str, subject: Any, code: Any, when: Any, value: Any, parts: list[Any], category: Any, performer: Any
) -> Json:
    return _without_none(
        resourceType="Observation",
        id=rid,
        status="final",
        subject=subject,
        code=code,
        category=category,
        component=parts,
        performer=performer,
        **when,
        **value,
    )


observation = st.builds(
    _observation,
    st.sampled_from(["b1", "b2", "b3", "b4"]),
    st.one_of(
        reference("Patient", PEOPLE),
        reference("Group", ["g1"]),
        st.builds(lambda i: {"identifier": i}, identifier),
        st.just({"reference": "http://elsewhere.example/Patient/p1"}),
    ),
    concept,
    st.one_of(
        st.just({}),
        st.builds(lambda d: {"effectiveDateTime": d}, date),
        st.builds(lambda p: {"effectivePeriod": p}, period),
        st.builds(lambda t: {"effectiveTiming": t}, timing),
        st.builds(lambda i: {"effectiveInstant": i}, st.sampled_from(INSTANTS)),
    ),
    st.one_of(
        st.builds(lambda q: {"valueQuantity": q}, quantity),
        st.builds(lambda c: {"valueCodeableConcept": c}, concept),
        st.builds(lambda t: {"valueString": t}, st.sampled_from(TEXTS)),
        st.builds(lambda d: {"valueDateTime": d}, date),
    ),
    _some(st.builds(lambda c, q: {"code": c, "valueQuantity": q}, concept, quantity)),
    _some(concept, 1),
    _some(reference("Organization", ["o1", "o2"]), 1),
)
location = st.builds(
    lambda rid, name, position, part, org: _without_none(
        resourceType="Location",
        id=rid,
        name=name,
        position=None if position is None else {"latitude": position[0], "longitude": position[1]},
        partOf=part,
        managingOrganization=org,
    ),
    st.sampled_from(["l1", "l2", "l3"]),
    st.sampled_from([*TEXTS, None]),
    st.sampled_from([*((Decimal(str(a)), Decimal(str(b))) for a, b in POSITIONS), None]),
    st.one_of(st.none(), reference("Location", ["l1", "l2", "l3"])),
    st.one_of(st.none(), reference("Organization", ["o1", "o2"])),
)
_item = st.builds(
    lambda item, deleted: _without_none(item=item, deleted=deleted),
    st.one_of(reference("Observation", ["b1", "b2", "b3"]), reference("Patient", PEOPLE)),
    st.sampled_from([None, None, False, True]),
)
list_ = st.builds(
    lambda rid, subject, entries: _without_none(
        resourceType="List", id=rid, status="current", mode="changes", subject=subject, entry=entries
    ),
    st.sampled_from(["k1", "k2"]),
    reference("Patient", PEOPLE),
    _some(_item, 3),
)
condition = st.builds(
    lambda rid, subject, clinical, told: _without_none(
        resourceType="Condition",
        id=rid,
        subject=subject,
        clinicalStatus=None if clinical is None else {"coding": [{"code": clinical}]},
        verificationStatus=None if told is None else {"coding": [{"code": told}]},
    ),
    st.sampled_from(["n1", "n2", "n3"]),
    reference("Patient", PEOPLE),
    st.sampled_from(["active", "relapse", "remission", "resolved", None]),
    st.sampled_from(["confirmed", "refuted", "entered-in-error", None]),
)
_holder = st.builds(
    lambda inner, rid, part, own, member: {
        **inner,
        "id": rid,
        "performer": [{"reference": "#i"}],
        "hasMember": [{"reference": "#m"}],
        "contained": [{**own, "id": "i", "partOf": part}, {**own, "id": "j"}, {**member, "id": "m"}],
    },
    observation,
    st.sampled_from(["b5", "b6"]),
    st.one_of(st.just({"reference": "#j"}), reference("Organization", ["o1", "o2"])),
    organization,
    observation,
)
#: What contains others, of which a reference leads to some.
holder = st.one_of(_holder, _holder.map(lambda one: {**one, "performer": [{"reference": "#none"}]}))
place = st.sampled_from([1, 5, 100])
sequence = st.builds(
    lambda rid, subject, chromosome, variants: _without_none(
        resourceType="MolecularSequence",
        id=rid,
        coordinateSystem=0,
        patient=subject,
        referenceSeq={"chromosome": {"coding": [{"system": "urn:a", "code": chromosome}]}},
        variant=variants,
    ),
    st.sampled_from(["q1", "q2", "q3", "q4"]),
    reference("Patient", PEOPLE),
    st.sampled_from(CODES),
    _some(st.builds(lambda a, b: {"start": a, "end": b}, place, place)),
)


def _resources(*kinds: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.builds(
        lambda resource, profiles, text: _without_none(
            **resource, meta={"profile": profiles} if profiles else None, text=text
        ),
        st.one_of(*kinds),
        _some(st.sampled_from(PROFILES), 1),
        narrative,
    )


def records_of(*kinds: st.SearchStrategy[Json]) -> st.SearchStrategy[list[Json]]:
    """Resources without two of one type and id."""
    return st.lists(
        _resources(*kinds),
        min_size=3,
        max_size=9,
        unique_by=lambda resource: (resource["resourceType"], resource["id"]),
    )


#: Records of all kinds.
records = records_of(patient, observation, observation, organization, location, list_, sequence)
