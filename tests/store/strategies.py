"""Small random records and searches over few values, so that they meet."""

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
_place = st.sampled_from([1, 5, 100])
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
    _some(st.builds(lambda a, b: {"start": a, "end": b}, _place, _place)),
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


def _records(*kinds: st.SearchStrategy[Json]) -> st.SearchStrategy[list[Json]]:
    """Resources without two of one type and id."""
    return st.lists(
        _resources(*kinds),
        min_size=3,
        max_size=9,
        unique_by=lambda resource: (resource["resourceType"], resource["id"]),
    )


#: Records of all kinds.
records = _records(patient, observation, observation, organization, location, list_, sequence)


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

_story = st.sampled_from(["高血压", "血压", "高", "患者 高血压", "HBA1C", "cough fever", "的", "压高", "王伟", "final"])
_of_profile = st.one_of(
    _pairs(
        ["_profile", "_profile:below"],
        st.sampled_from([*PROFILES, "http://x.example/fhir", "http://x.example/fhir/p|1", "http://x.example/fhir/p"]),
    ),
    _pairs(["_profile:above"], st.sampled_from(["http://x.example/fhir/p/q/r", "urn:profile:a"])),
)
_of_any = st.one_of(
    _pairs(["_text", "_content"], _story),
    _of_profile,
    _pairs(["_list"], st.sampled_from(["k1", "List/k2"])),
    st.tuples(st.sampled_from(["_id:missing", "_lastUpdated:missing", "_text:missing", "_profile:missing"]), _boolean),
)

_of_patient = st.one_of(
    _of_any,
    st.tuples(st.sampled_from(["gender:in", "gender:not-in", "identifier:in"]), st.just(GENDERS)),
    _pairs(["organization:text"], _text),
    _pairs(["organization:below", "organization:above"], st.sampled_from(["Organization/o1", "Organization/o2"])),
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
    _of_any,
    _pairs(["performer:text", "subject:text"], _text),
    _pairs(["performer:below"], st.sampled_from(["Organization/o1", "Organization/o2"])),
    st.tuples(st.sampled_from(["code-value-quantity:missing", "code-value-date:missing"]), _boolean),
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
    _of_any,
    _pairs(["partof:below", "partof:above"], st.sampled_from(["Organization/o1", "Organization/o2"])),
    _pairs(["name", "name:contains"], _text),
    _pairs(["identifier"], _token),
    _pairs(["_id"], st.sampled_from(["o1", "o2"])),
)


def _under(head: list[str], inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    return st.builds(lambda name, pair: (name + pair[0], pair[1]), st.sampled_from(head), inner)


_to_patient = _under(["patient.", "subject:Patient.", "subject.", "patient:mdm.", "subject:mdm."], _of_patient)
_to_observation = _under(["_has:Observation:patient:", "_has:Observation:subject:"], _of_observation)
_to_organization = _under(["organization.", "organization.partof."], _of_organization)

_of_location = st.one_of(
    _of_any,
    _pairs(
        ["near"],
        st.builds(
            "{0[0]}|{0[1]}|{1}|km".format, st.sampled_from(POSITIONS), st.sampled_from(["0", "1", "5", "2500", "30000"])
        ),
    ),
    st.tuples(st.just("near:missing"), _boolean),
    _pairs(["partof:below", "partof:above"], st.sampled_from(["Location/l1", "Location/l2"])),
    _pairs(["organization:below"], st.just("Organization/o1")),
)
_coordinates = st.builds("{}${}{}${}{}".format, _with_code, _prefix, _place, _prefix, _place)
_of_sequence = st.one_of(
    _pairs(["chromosome-variant-coordinate"], _coordinates),
    st.tuples(st.just("chromosome-variant-coordinate:missing"), _boolean),
    _pairs(["variant-start", "variant-end"], st.builds("{}{}".format, _prefix, _place)),
)

#: (type, search parameters).
searches = st.one_of(
    st.tuples(st.just("Location"), st.lists(_of_location, min_size=1, max_size=2)),
    st.tuples(st.just("MolecularSequence"), st.lists(_of_sequence, min_size=1, max_size=2)),
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
    "Location": ["name", "-partof", "organization,-name", "status"],
    "MolecularSequence": ["-variant-start", "chromosome,variant-end", "patient"],
    "Patient": [
        "gender,-identifier",
        "-organization",
        "identifier",
        "family",
        "-family",
        "birthdate",
        "-birthdate,family",
        "name,-_id",
        "_id",
    ],
    "Observation": [
        "code",
        "-code,date",
        "subject",
        "-patient,value-concept",
        "-category,-value-quantity",
        "performer,-_id",
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


def _only(
    rtype: str, *pairs: st.SearchStrategy[tuple[str, str]]
) -> st.SearchStrategy[tuple[str, list[tuple[str, str]]]]:
    return st.tuples(st.just(rtype), st.lists(st.one_of(*pairs), min_size=1, max_size=1))


_few = st.sampled_from(["高血压", "血压", "final", "HbA1c", "cough"])
_organizations = st.sampled_from(["Organization/o1", "Organization/o2"])
_locations = st.sampled_from(["Location/l1", "Location/l2", "Location/l3"])

#: One thing at a time, so that much is found: records and searches that meet.
FOCUS = {
    "full text": (
        _records(patient, observation, observation),
        st.one_of(*(_only(rtype, _pairs(["_text", "_content"], _few)) for rtype in ("Patient", "Observation"))),
    ),
    "hierarchies": (
        _records(location, location, organization, patient),
        st.one_of(
            _only("Location", _pairs(["partof:below", "partof:above"], _locations)),
            _only("Organization", _pairs(["partof:below", "partof:above"], _organizations)),
            _only("Patient", _pairs(["organization:below", "organization:above"], _organizations)),
        ),
    ),
    "lists": (
        _records(list_, observation, patient),
        st.one_of(
            *(_only(rtype, _pairs(["_list"], st.sampled_from(["k1", "k2"]))) for rtype in ("Patient", "Observation"))
        ),
    ),
    "profiles": (
        _records(organization, location),
        st.one_of(_only("Organization", _of_profile), _only("Location", _of_profile)),
    ),
    "numbers in pairs": (_records(sequence), _only("MolecularSequence", _of_sequence)),
    "dates": (_records(observation), _only("Observation", _pairs(["date", "value-date"], _date))),
    "texts of references": (
        _records(observation, patient),
        st.one_of(
            _only("Observation", _pairs(["performer:text", "subject:text"], _text)),
            _only("Patient", _pairs(["organization:text"], _text)),
        ),
    ),
}
