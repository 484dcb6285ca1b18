"""A Patient as the matcher reads it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.types import Json
from hub.mpi.features import features
from hub.mpi.record_of import record_of

_KIND = "http://terminology.hl7.org/CodeSystem/v2-0203"


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", **elements}


def number(value: str, system: str = "", kind: str = "", use: str = "usual") -> Json:
    return {"system": system, "value": value, "use": use, "type": {"coding": [{"system": _KIND, "code": kind}]}}


def test_every_element_the_matcher_knows_is_read() -> None:
    record = record_of(
        patient(
            identifier=[
                number("M1", kind="MR"),
                number("990122198405171261", "urn:oid:2.16.156.10011.1.3"),
                number("990155501234", kind="NH"),
                number("9901000018648024", "urn:oid:2.16.156.10011.1.19"),
            ],
            name=[{"text": "吴晓岚"}],
            gender="female",
            birthDate="1984-05-17",
            telecom=[{"system": "phone", "value": "13800990001"}],
            address=[{"text": "青石镇白云村3组12号"}],
            contact=[
                {
                    "name": {"text": "吴大海"},
                    "relationship": [{"text": "父亲"}],
                    "telecom": [{"system": "phone", "value": "13800990002"}],
                }
            ],
            multipleBirthInteger=2,
        ),
        "F01",
    )
    assert (record.record_id, record.facility, record.mrn) == ("p1", "F01", "M1")
    assert (record.name, record.sex, record.birth_date) == ("吴晓岚", "F", "1984-05-17")
    assert (record.id_no, record.insurance_no, record.health_card) == (
        "990122198405171261",
        "990155501234",
        "9901000018648024",
    )
    assert (record.phone, record.address, record.birth_order) == ("13800990001", "青石镇白云村3组12号", "2")
    assert (record.contact_name, record.contact_relation, record.contact_phone) == ("吴大海", "父亲", "13800990002")


@pytest.mark.parametrize(
    ("names", "read"),
    [
        ([{"family": "WU", "given": ["XIAOLAN"]}, {"text": "吴晓岚"}], "吴晓岚"),
        ([{"family": "吴", "given": ["晓岚"]}], "吴晓岚"),
        ([{"family": "WU", "given": ["XIAO", "LAN"]}], "WU XIAO LAN"),
        ([{"use": "old", "text": "吴大妹"}, {"text": "吴晓岚"}], "吴晓岚"),
        ([{"use": "old", "text": "吴大妹"}], "吴大妹"),
        ([], ""),
    ],
)
def test_a_current_name_in_characters_is_read_before_others(names: list[Json], read: str) -> None:
    assert record_of(patient(name=names), "F01").name == read


def test_numbers_and_addresses_that_are_past_are_not_read() -> None:
    record = record_of(
        patient(
            identifier=[number("990122198405171261", "urn:oid:2.16.156.10011.1.3", use="old")],
            telecom=[{"system": "phone", "value": "1", "use": "old"}, {"system": "email", "value": "a@b"}],
            address=[
                {"use": "old", "text": "红石村9号"},
                {"state": "示范省", "city": "示范市", "line": ["白云村12号"]},
            ],
        ),
        "F01",
    )
    assert (record.id_no, record.phone, record.address) == ("", "", "示范省示范市白云村12号")


def test_a_number_at_work_is_read_only_where_there_is_no_other() -> None:
    work = {"system": "phone", "use": "work", "value": "0990-5550001"}
    home = {"system": "phone", "use": "home", "value": "13800990001"}
    assert record_of(patient(telecom=[work, home]), "F01").phone == "13800990001"
    assert record_of(patient(telecom=[home, work, home | {"value": "1"}]), "F01").phone == "13800990001;1"
    assert record_of(patient(telecom=[work]), "F01").phone == "0990-5550001"


@pytest.mark.parametrize(("stated", "read"), [("1984", "1984-01-01"), ("1984-05", "1984-01-01")])
def test_a_birth_date_of_a_year_alone_becomes_the_placeholder(stated: str, read: str) -> None:
    assert record_of(patient(birthDate=stated), "F01").birth_date == read


_KEYS = [
    *("identifier", "name", "telecom", "address", "contact"),
    *("value", "system", "type", "coding", "given", "line", "use", "text"),
]
_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)


_inner = st.lists(st.dictionaries(st.sampled_from(_KEYS), _anything, max_size=4), max_size=2)


@settings(max_examples=400)
@given(st.dictionaries(st.sampled_from(_KEYS), _anything | _inner, max_size=6))
def test_a_resource_that_is_not_valid_is_read_as_far_as_it_goes(elements: dict[str, Any]) -> None:
    features(record_of(patient(**elements), "F01"))
