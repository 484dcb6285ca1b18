"""The golden record of several source Patients."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.fhir.json import dumps, loads
from hub.fhir.structure import structure
from hub.fhir.validate import validate
from hub.kernel.types import Json
from hub.mpi.golden import golden
from hub.mpi.survival_rules import LEFT_OUT, rules
from hub.mpi.survivorship import SourcePatient
from tests.mpi.people import citizen_id

BASE = "https://hub.example/fhir"
DAY = datetime(2026, 5, 1, tzinfo=UTC)
CITIZEN = "urn:oid:2.16.156.10011.1.3"
SHEN = citizen_id("1958-04-12", 96)


def source(rid: str, day: int = 0, *, facility: str = "F01", version: int = 1, **elements: Any) -> SourcePatient:
    """A source updated `day` days after the first of May."""
    resource = {"resourceType": "Patient", "id": rid, **elements}
    return SourcePatient(resource=resource, facility=facility, version=version, updated=DAY + timedelta(days=day))


def named(text: str, **more: Any) -> list[Json]:
    return [{"text": text, **more}]


def card(number: str = SHEN) -> list[Json]:
    return [{"system": CITIZEN, "value": number}]


def of(*sources: SourcePatient) -> Json:
    return golden(sources, "person", BASE)


def names(patient: Json) -> list[str]:
    return [name["text"] for name in patient["name"]]


def said_by(element: Json) -> list[str]:
    """The sources an element names as its own."""
    return [
        extension["valueReference"]["reference"]
        for extension in element["extension"]
        if extension["url"] == f"{BASE}/StructureDefinition/golden-source"
    ]


def test_a_trusted_facility_outlives_a_later_one_but_not_for_the_birth_date_consents_go_by() -> None:
    town = source("t", 9, telecom=named("x"), maritalStatus={"text": "S"}, gender="male", birthDate="1958-04-13")
    county = source("c", 1, maritalStatus={"text": "M"}, gender="female", birthDate="1958-04-12")
    assert of(town, county)["maritalStatus"]["text"] == "S"
    found = of(town, replace(county, trust=10))
    assert (found["maritalStatus"]["text"], said_by(found["maritalStatus"])) == ("M", ["Patient/c"])
    assert found["gender"] == "female"
    assert found["birthDate"] == of(town, county)["birthDate"]
    assert found["meta"]["lastUpdated"] == of(town, county)["meta"]["lastUpdated"]


def test_every_element_of_a_patient_has_a_rule_or_is_left_out_by_name() -> None:
    found = structure("Patient")
    assert found is not None
    elements = {f"{e.name}[x]" if e.choice else e.name for e in found.elements.values()}
    assert set(rules(())) | LEFT_OUT == elements


def test_it_is_addressed_by_the_person_tagged_and_linked_to_every_source() -> None:
    patient = of(source("b", 2, version=3), source("a", 1, version=4))
    assert patient["id"] == "person"
    assert patient["meta"]["tag"] == [
        {"system": f"{BASE}/CodeSystem/record-kind", "code": "golden", "display": "golden record"}
    ]
    assert patient["meta"]["lastUpdated"] == "2026-05-03T00:00:00.000Z"
    assert patient["link"] == [
        {"other": {"reference": "Patient/a"}, "type": "seealso"},
        {"other": {"reference": "Patient/b"}, "type": "seealso"},
    ]


def test_its_version_changes_with_a_source_and_with_the_set_of_sources_only() -> None:
    a, b = source("a", 1), source("b", 2)
    version = of(a, b)["meta"]["versionId"]
    assert of(b, a)["meta"]["versionId"] == version
    assert of(b)["meta"]["versionId"] != version
    assert of(a, source("b", 3, version=2))["meta"]["versionId"] != version
    assert of(source("c", 1), b)["meta"]["versionId"] != version


def test_labels_of_all_sources_stay_on_it() -> None:
    secret = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    hidden = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "NOPAT"}
    patient = of(source("a", meta={"security": [secret]}), source("b", meta={"security": [secret, hidden]}))
    assert patient["meta"]["security"] == [hidden, secret]


def test_identifiers_are_gathered_once_each_with_all_who_state_them() -> None:
    mrn = {"system": "urn:oid:2.999.1.1", "value": "M1"}
    patient = of(source("a", identifier=[*card(), mrn]), source("b", 1, identifier=card()))
    assert [(i["value"], said_by(i)) for i in patient["identifier"]] == [
        (SHEN, ["Patient/a", "Patient/b"]),
        ("M1", ["Patient/a"]),
    ]


def test_numbers_without_a_system_are_not_taken_for_one_number() -> None:
    patient = of(source("a", identifier=[{"value": "1001"}]), source("b", identifier=[{"value": "1001"}]))
    assert [said_by(i) for i in patient["identifier"]] == [["Patient/a"], ["Patient/b"]]


def test_a_citizen_id_of_15_digits_is_the_one_of_18() -> None:
    short = SHEN[:6] + SHEN[8:17]
    patient = of(source("a", 1, identifier=card()), source("b", identifier=card(short)))
    assert [said_by(i) for i in patient["identifier"]] == [["Patient/a", "Patient/b"]]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (named("王小芳"), named("王芳之女")),
        (named("沈桂兰"), named("SHEN GUILAN")),
        (named("沈桂兰"), named("沈?兰")),
        (named("沈桂兰"), named("沈兰兰", use="old")),
        (named("沈桂兰"), named("沈兰兰", period={"end": "2001"})),
    ],
)
@pytest.mark.parametrize("later", [True, False])
def test_the_better_name_stands_first_whenever_it_was_said(better: list[Json], worse: list[Json], later: bool) -> None:
    patient = of(source("a", 1 if later else 3, name=better), source("b", 2, name=worse))
    assert names(patient)[0] == better[0]["text"]
    assert said_by(patient["name"][0]) == ["Patient/a"]


def test_a_newborns_temporary_name_goes_when_there_is_a_real_one_and_stays_while_there_is_none() -> None:
    assert names(of(source("a", 1, name=named("王芳之女")), source("b", name=named("王小芳")))) == ["王小芳"]
    assert names(of(source("a", name=named("王芳之女")))) == ["王芳之女"]


def test_pinyin_stays_beside_the_name_in_characters() -> None:
    assert names(of(source("a", 1, name=named("SHEN GUILAN")), source("b", name=named("沈桂兰")))) == [
        "沈桂兰",
        "SHEN GUILAN",
    ]


def test_the_name_of_a_source_with_the_citizen_id_comes_before_more_frequent_ones() -> None:
    patient = of(
        source("a", name=named("沈桂兰"), identifier=card(), birthDate="1958-04-12"),
        source("b", 1, name=named("沈贵兰")),
        source("c", 2, name=named("沈贵兰")),
    )
    assert names(patient) == ["沈桂兰", "沈贵兰"]
    assert said_by(patient["name"][1]) == ["Patient/b", "Patient/c"]


def test_one_name_in_two_scripts_is_one_name_in_its_more_complete_form() -> None:
    whole = [{"text": "沈桂兰", "family": "沈", "given": ["桂兰"]}]
    (name,) = of(source("a", 1, name=named("沈桂蘭")), source("b", name=whole))["name"]
    assert name["family"] == "沈"
    assert said_by(name) == ["Patient/a", "Patient/b"]


@pytest.mark.parametrize(
    ("dates", "survivor"),
    [
        (["1958-04-12", "1958-01-01", "1958-01-01"], "1958-04-12"),
        (["1958-04-12", "1958", "1958-04"], "1958-04-12"),
        (["1958-01-01", "1958"], "1958-01-01"),
        (["1958-04-12", "1958-04-12", "1958-12-04"], "1958-04-12"),
        (["1958-04-12", "1958-12-04"], "1958-12-04"),
    ],
)
def test_birth_dates_real_before_placeholder_then_most_frequent_then_latest(dates: list[str], survivor: str) -> None:
    patient = of(*(source(f"s{n}", n, birthDate=date) for n, date in enumerate(dates)))
    assert patient["birthDate"] == survivor
    assert said_by(patient["_birthDate"]) == [f"Patient/s{n}" for n, date in enumerate(dates) if date == survivor]


def test_birth_and_sex_that_agree_with_the_citizen_id_win_over_the_more_frequent() -> None:
    patient = of(
        source("a", identifier=card(), birthDate="1958-04-12", gender="female"),
        source("b", 1, birthDate="1958-12-04", gender="male"),
        source("c", 2, birthDate="1958-12-04", gender="male"),
    )
    assert (patient["birthDate"], patient["gender"]) == ("1958-04-12", "female")


def test_a_first_of_january_that_the_citizen_id_confirms_is_no_placeholder() -> None:
    born = citizen_id("1950-01-01", 31)
    patient = of(source("a", identifier=card(born), birthDate="1950-01-01"), source("b", 1, birthDate="1950-10-01"))
    assert patient["birthDate"] == "1950-01-01"


def test_two_valid_citizen_ids_prove_nothing() -> None:
    other = citizen_id("1960-02-03", 12)
    patient = of(
        source("a", identifier=card(), birthDate="1958-04-12"),
        source("b", 1, identifier=card(other), birthDate="1960-02-03"),
        source("c", 2, birthDate="1960-02-03"),
    )
    assert patient["birthDate"] == "1960-02-03"


def test_a_parents_citizen_id_says_nothing_of_the_child() -> None:
    child = source("a", identifier=card(), birthDate="2024-03-01", name=named("王芳之子"), gender="male")
    assert of(child, source("b", 1, gender="female"), source("c", 2, gender="male"))["gender"] == "male"


def test_an_unknown_sex_loses_to_a_known_one() -> None:
    patient = of(source("a", 2, gender="unknown"), source("b", 1, gender="unknown"), source("c", gender="male"))
    assert patient["gender"] == "male"


def test_any_word_of_a_death_wins_and_its_time_before_the_bare_fact() -> None:
    alive = source("a", 3, deceasedBoolean=False)
    dead = source("b", 1, deceasedBoolean=True)
    dated = source("c", deceasedDateTime="2026-04-30T08:00:00+08:00")
    assert of(alive)["deceasedBoolean"] is False
    assert of(alive, dead)["deceasedBoolean"] is True
    patient = of(alive, dead, dated)
    assert patient["deceasedDateTime"] == "2026-04-30T08:00:00+08:00"
    assert "deceasedBoolean" not in patient


def test_telecoms_and_addresses_are_gathered_with_the_valid_and_latest_first() -> None:
    def phone(value: str, **more: Any) -> list[Json]:
        return [{"system": "phone", "value": value, **more}]

    patient = of(
        source("a", 1, telecom=phone("0990-5550101")),
        source("b", 2, telecom=phone("13800990001")),
        source("c", 3, telecom=phone("+86 138 0099 0001", period={"end": "2020"})),
        source("d", 4, telecom=phone("13800990009", use="old")),
        source("e", 1, address=[{"text": "云泽县 石桥街 5号"}]),
        source("f", 2, address=[{"city": "云泽县", "line": ["石桥街5号"]}]),
    )
    assert [t["value"] for t in patient["telecom"]] == ["13800990001", "0990-5550101", "13800990009"]
    assert said_by(patient["telecom"][0]) == ["Patient/b", "Patient/c"]
    assert [said_by(address) for address in patient["address"]] == [["Patient/e", "Patient/f"]]


def test_the_rest_is_the_latest_word_or_the_word_of_all() -> None:
    married = {"coding": [{"code": "M"}]}
    patient = of(
        source("a", 1, maritalStatus=married, managingOrganization={"reference": "Organization/F01"}, active=True),
        source("b", 2, maritalStatus={"coding": [{"code": "UNK"}]}, active=False),
        source("c", generalPractitioner=[{"reference": "Practitioner/x"}, {"reference": "#inside"}]),
    )
    assert patient["maritalStatus"]["coding"] == [{"code": "M"}]
    assert said_by(patient["maritalStatus"]) == ["Patient/a"]
    assert patient["active"] is True
    assert patient["managingOrganization"]["reference"] == "Organization/F01"
    assert [g["reference"] for g in patient["generalPractitioner"]] == ["Practitioner/x"]
    other = source("d", managingOrganization={"reference": "Organization/F05"})
    assert "managingOrganization" not in of(source("a", managingOrganization={"reference": "Organization/F01"}), other)


def test_extensions_keep_their_form_and_name_their_source() -> None:
    nested = {"url": "urn:nested", "extension": [{"url": "code", "valueCode": "x"}]}
    coded = {"url": "urn:coded", "valueCodeableConcept": {"text": "汉族"}}
    plain = {"url": "urn:plain", "valueString": "x"}
    patient = of(
        source("a", extension=[nested, coded, plain]), source("b", -1, extension=[{**plain, "valueString": "y"}])
    )
    by_url = {extension["url"]: extension for extension in patient["extension"]}
    assert by_url["urn:plain"]["valueString"] == "x"
    assert said_by(by_url["urn:plain"]["_valueString"]) == ["Patient/a"]
    assert said_by(by_url["urn:coded"]["valueCodeableConcept"]) == ["Patient/a"]
    assert said_by(by_url["urn:nested"]) == ["Patient/a"]
    assert validate(patient) == []


def test_sources_are_left_as_they_are() -> None:
    given_source = source("a", name=named("沈桂兰"), extension=[{"url": "urn:x", "valueCoding": {"code": "x"}}])
    before = dumps(given_source.resource)
    of(given_source, source("b", name=named("沈桂兰")))
    assert dumps(given_source.resource) == before


PATIENTS = st.fixed_dictionaries(
    {},
    optional={
        "identifier": st.sampled_from([card(), card(citizen_id("1960-02-03", 12)), [{"value": "1"}]]),
        "name": st.lists(
            st.sampled_from(["沈桂兰", "沈桂蘭", "SHEN GUILAN", "王芳之女", "沈?兰"]).map(lambda text: {"text": text}),
            min_size=1,
            max_size=2,
        ),
        "gender": st.sampled_from(["male", "female", "unknown"]),
        "birthDate": st.sampled_from(["1958-04-12", "1958-01-01", "1958", "1960-02-03"]),
        "deceasedBoolean": st.booleans(),
        "telecom": st.sampled_from(
            [[{"system": "phone", "value": "13800990001"}], [{"system": "email", "value": "x"}]]
        ),
        "address": st.sampled_from([[{"text": "石桥街5号"}], [{"text": "柳溪镇"}]]),
        "maritalStatus": st.sampled_from([{"text": "M"}, {"coding": [{"code": "UNK"}]}]),
        "multipleBirthInteger": st.integers(1, 2),
        "contact": st.sampled_from(
            [[{"name": {"text": "吴大海"}}], [{"telecom": [{"system": "phone", "value": "1"}]}]]
        ),
        "communication": st.sampled_from([[{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "zh"}]}}]]),
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PATIENTS, st.integers(0, 3)), min_size=1, max_size=4), st.randoms())
def test_the_order_of_sources_never_matters_and_the_result_is_a_patient(rows: list[Any], chance: Any) -> None:
    sources = [source(f"s{n}", day, **elements) for n, (elements, day) in enumerate(rows)]
    mixed = list(sources)
    chance.shuffle(mixed)
    result = of(*sources)
    assert dumps(of(*mixed)) == dumps(result)
    assert validate(loads(dumps(result))) == []
