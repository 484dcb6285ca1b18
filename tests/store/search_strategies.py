"""Small random searches over the values of `strategies`, so that they meet its records."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.store.strategies import (
    CODES,
    DATES,
    GENDERS,
    NUMBERS,
    PEOPLE,
    PERSONS,
    POSITIONS,
    PROFILES,
    SYSTEMS,
    TEXTS,
    condition,
    holder,
    list_,
    location,
    observation,
    organization,
    patient,
    person,
    place,
    records_of,
    sequence,
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
_coordinates = st.builds("{}${}{}${}{}".format, _with_code, _prefix, place, _prefix, place)
_of_sequence = st.one_of(
    _pairs(["chromosome-variant-coordinate"], _coordinates),
    st.tuples(st.just("chromosome-variant-coordinate:missing"), _boolean),
    _pairs(["variant-start", "variant-end"], st.builds("{}{}".format, _prefix, place)),
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
    "Condition": ["clinical-status", "-_id"],
}


def _only(
    rtype: str, *pairs: st.SearchStrategy[tuple[str, str]]
) -> st.SearchStrategy[tuple[str, list[tuple[str, str]]]]:
    return st.tuples(st.just(rtype), st.lists(st.one_of(*pairs), min_size=1, max_size=1))


_kept = st.one_of(
    _pairs(["name", "name:contains", "name:exact"], _text),
    _pairs(["identifier", "identifier:not"], _token),
    _pairs(["partof"], st.sampled_from(["o1", "Organization/o2"])),
    _pairs(["partof:below", "partof:above"], st.sampled_from(["Organization/o1", "Organization/o2"])),
    st.tuples(st.sampled_from(["name:missing", "identifier:missing", "partof:missing"]), _boolean),
)
_few = st.sampled_from(["高血压", "血压", "final", "HbA1c", "cough"])
_organizations = st.sampled_from(["Organization/o1", "Organization/o2"])
_locations = st.sampled_from(["Location/l1", "Location/l2", "Location/l3"])

#: One thing at a time, so that much is found: records and searches that meet.
FOCUS = {
    "full text": (
        records_of(patient, observation, observation),
        st.one_of(*(_only(rtype, _pairs(["_text", "_content"], _few)) for rtype in ("Patient", "Observation"))),
    ),
    "hierarchies": (
        records_of(location, location, organization, patient),
        st.one_of(
            _only("Location", _pairs(["partof:below", "partof:above"], _locations)),
            _only("Organization", _pairs(["partof:below", "partof:above"], _organizations)),
            _only("Patient", _pairs(["organization:below", "organization:above"], _organizations)),
        ),
    ),
    "lists": (
        records_of(list_, observation, patient, condition, condition),
        st.one_of(
            *(_only(rtype, _pairs(["_list"], st.sampled_from(["k1", "k2"]))) for rtype in ("Patient", "Observation")),
            _only("Condition", _pairs(["_list"], st.sampled_from(["k1", "$current-problems"]))),
            _only("Patient", _under(["_has:Condition:patient:"], st.just(("_list", "$current-problems")))),
        ),
    ),
    "profiles": (
        records_of(organization, location),
        st.one_of(_only("Organization", _of_profile), _only("Location", _of_profile)),
    ),
    "what is contained": (
        records_of(holder, organization, observation),
        st.one_of(
            _only("Observation", _under(["performer:Organization.", "performer:Organization.partof."], _kept)),
            _only("Observation", _under(["has-member:Observation."], _of_observation)),
            _only("Observation", _under(["has-member:Observation.performer:Organization."], _kept)),
        ),
    ),
    "numbers in pairs": (records_of(sequence), _only("MolecularSequence", _of_sequence)),
    "dates": (records_of(observation), _only("Observation", _pairs(["date", "value-date"], _date))),
    "texts of references": (
        records_of(observation, patient),
        st.one_of(
            _only("Observation", _pairs(["performer:text", "subject:text"], _text)),
            _only("Patient", _pairs(["organization:text"], _text)),
        ),
    ),
}
