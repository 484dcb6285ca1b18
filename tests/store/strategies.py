"""Small random records and searches over few values, so that they meet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from hub.kernel.types import Json

ORGS = ["F01", "F02"]
PEOPLE = ["p1", "p2", "p3"]
PERSONS = ["m1", "m2"]
PROFILES = ["urn:profile:a", "urn:profile:b|1"]
SYSTEMS = ["urn:a", "urn:b"]
CODES = ["x", "y", "z"]
DATES = ["2019", "2020-02", "2020-02-29", "2020-02-29T23:59:59Z", "2020-03-01T08:00:00+08:00", "2021-01-01T00:00:00.5Z"]
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
quantity = st.builds(
    lambda n, unit, sign: _without_none(value=Decimal(n), system=unit[0], code=unit[1], unit=unit[2], comparator=sign),
    st.sampled_from(NUMBERS),
    st.sampled_from(UNITS),
    st.sampled_from([None, None, "<", ">="]),
)


def reference(rtype: str, ids: list[str]) -> st.SearchStrategy[Json]:
    return st.sampled_from(ids).map(lambda rid: {"reference": f"{rtype}/{rid}"})


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

_resource = st.builds(
    lambda resource, profiles: {**resource, "meta": {"profile": profiles}} if profiles else resource,
    st.one_of(patient, observation, observation, organization),
    _some(st.sampled_from(PROFILES), 1),
)

#: Resources without two of one type and id.
records = st.lists(
    _resource, min_size=3, max_size=9, unique_by=lambda resource: (resource["resourceType"], resource["id"])
)


def _alternatives(one: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(one, min_size=1, max_size=2).map(",".join)


def _pairs(names: list[str], value: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.sampled_from(names), _alternatives(value))


_token = st.one_of(
    st.sampled_from(CODES),
    st.builds("{}|{}".format, st.sampled_from(["", *SYSTEMS]), st.sampled_from(CODES)),
    st.sampled_from(SYSTEMS).map("{}|".format),
)
_with_code = st.one_of(
    st.sampled_from(CODES), st.builds("{}|{}".format, st.sampled_from(SYSTEMS), st.sampled_from(CODES))
)
_prefix = st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
_date = st.builds("{}{}".format, _prefix, st.sampled_from(DATES))
_number = st.builds("{}{}".format, _prefix, st.sampled_from(NUMBERS))
_quantity = st.one_of(
    _number,
    st.builds("{}|http://unitsofmeasure.org|{}".format, _number, st.sampled_from(["mg", "kg"])),
    st.builds("{}||{}".format, _number, st.sampled_from(["mg", "kilogram"])),
)
_text = st.sampled_from([*TEXTS, "w", "jía", "伟"])
_boolean = st.sampled_from(["true", "false"])
_subject = st.sampled_from(
    [
        *PEOPLE,
        *(f"Patient/{p}" for p in PEOPLE),
        *PERSONS,
        "Patient/m1",
        "Group/g1",
        "http://elsewhere.example/Patient/p1",
    ]
)

_of_patient = st.one_of(
    _pairs(["identifier", "identifier:not", "gender"], st.one_of(_token, st.just("male"))),
    _pairs(["name", "family", "name:exact", "family:contains"], _text),
    _pairs(["birthdate"], st.builds("{}{}".format, _prefix, st.sampled_from(["1980", "1980-05", "1980-05-17"]))),
    st.tuples(
        st.sampled_from(["gender:missing", "birthdate:missing", "name:missing", "organization:missing"]), _boolean
    ),
    _pairs(["_id", "_id:not"], person),
    _pairs(["_id:mdm"], st.one_of(person, st.sampled_from(PERSONS))),
    _pairs(["organization"], st.sampled_from(["o1", "Organization/o2"])),
    _pairs(
        ["identifier:of-type"],
        st.builds("{}|{}|{}".format, st.sampled_from(SYSTEMS), st.sampled_from(CODES), st.sampled_from(CODES)),
    ),
)
_of_observation = st.one_of(
    _pairs(["code", "code:not", "category", "combo-code", "value-concept", "component-code"], _token),
    _pairs(["code"], _with_code),
    _pairs(["code:text", "value-concept:text"], _text),
    _pairs(["date", "value-date"], _date),
    _pairs(["subject", "patient"], _subject),
    _pairs(["subject:Patient"], st.one_of(person, person.map("Patient/{}".format), st.sampled_from(PERSONS))),
    _pairs(
        ["subject:mdm", "patient:mdm"], st.one_of(person, person.map("Patient/{}".format), st.sampled_from(PERSONS))
    ),
    _pairs(["subject:identifier"], _token),
    _pairs(["value-quantity", "component-value-quantity", "combo-value-quantity"], _quantity),
    _pairs(["value-string", "value-string:exact", "value-string:contains"], _text),
    _pairs(["code-value-quantity", "combo-code-value-quantity"], st.builds("{}${}".format, _with_code, _quantity)),
    _pairs(["code-value-concept"], st.builds("{}${}".format, _with_code, _with_code)),
    _pairs(["code-value-date"], st.builds("{}${}".format, _with_code, _date)),
    _pairs(["code-value-string"], st.builds("{}${}".format, _with_code, st.sampled_from(TEXTS))),
    st.tuples(st.sampled_from(["date:missing", "code:missing", "subject:missing", "value-quantity:missing"]), _boolean),
)
_of_organization = st.one_of(
    _pairs(["name", "name:contains"], _text),
    _pairs(["identifier"], _token),
    _pairs(["_id"], st.sampled_from(["o1", "o2"])),
)


def _under(head: list[str], inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    return st.builds(lambda name, pair: (name + pair[0], pair[1]), st.sampled_from(head), inner)


_to_patient = _under(["patient.", "subject:Patient.", "subject.", "patient:mdm.", "subject:mdm."], _of_patient)
_to_observation = _under(["_has:Observation:patient:", "_has:Observation:subject:"], _of_observation)
_to_organization = _under(["organization.", "organization.partof."], _of_organization)

#: (type, search parameters).
searches = st.one_of(
    st.tuples(
        st.just("Patient"), st.lists(st.one_of(_of_patient, _to_observation, _to_organization), min_size=1, max_size=3)
    ),
    st.tuples(
        st.just("Observation"),
        st.lists(
            st.one_of(
                _of_observation,
                _of_observation,
                _to_patient,
                _under(["performer:Organization."], _of_organization),
                _under(["patient.organization."], _of_organization),
                _under(["patient."], _to_observation),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    st.tuples(
        st.just("Organization"),
        st.lists(
            st.one_of(
                _of_organization,
                _under(["partof."], _of_organization),
                _under(["_has:Patient:organization:"], st.one_of(_of_patient, _to_observation)),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
)

sorts = {
    "Patient": ["family", "-family", "birthdate", "-birthdate,family", "name,-_id", "_id"],
    "Observation": [
        "date",
        "-date",
        "value-quantity",
        "-value-quantity,date",
        "value-date,-_id",
        "-value-string",
        "_id",
    ],
    "Organization": ["name", "-name", "-_id"],
}
