import pytest
from hypothesis import given

from hub.mpi.blocking import candidate_pairs, keys
from tests.mpi.people import WU, citizen_id, side
from tests.mpi.population import files

SILENT = dict.fromkeys(("id_no", "insurance_no", "phone", "address", "contact_name", "contact_phone"), "")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "赵平", "birth_date": "1950-02-03", "phone": "", "id_no": "", "address": "", "contact_phone": ""},
        {"name": "赵平", "birth_date": "1950-02-03", "insurance_no": "", "id_no": "", "address": ""},
        {"name": "赵平", "id_no": "990133" + citizen_id("1984-05-17", 126)[6:]},
        {**SILENT, "name": "Xiaolan Wu"},
        {**SILENT, "name": "吴小兰"},
        {**SILENT, "name": "昊晓岚"},
        {**SILENT, "birth_date": "1985-05-17"},
        {**SILENT, "birth_date": "1984-01-01"},
        {**SILENT, "birth_date": "1983-01-01"},
        {**SILENT, "birth_date": "", "address": "白云村12号"},
        {**SILENT, "birth_date": "", "name": "赵晓岚", "address": "白云村12号"},
    ],
)
def test_a_record_meets_its_person_when_other_fields_are_wrong(changes: dict[str, str]) -> None:
    assert not keys(side()).isdisjoint(keys(side(**changes)))


def test_any_telephone_of_a_person_brings_a_record_to_it() -> None:
    assert "phone:13800990001" in keys(side(phone="13900990009;13800990001"))


def test_a_newborn_meets_the_child_whose_contact_the_parent_is() -> None:
    silent = {**SILENT, "birth_date": "2026-02-01"}
    child = side(name="赵小雨", **silent | {"contact_name": "吴晓岚"})
    assert not keys(side(name="吴晓岚之女", **silent)).isdisjoint(keys(child))


def test_a_name_in_parts_meets_its_first_part() -> None:
    whole = side(name="阿依努尔·买买提", **SILENT)
    assert not keys(whole).isdisjoint(keys(side(name="阿依努尔", **SILENT)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"birth_date": "1967-02-08"}, {"birth_date": "1966-12-29"}),
        ({}, {"name": "吾小青"}),
        ({}, {"name": "Qing^Wu"}),
        ({"birth_date": ""}, {"birth_date": "", "name": "WU LAN XIAO", "address": "白云村"}),
    ],
    ids=["a birth before the Chinese new year", "another surname of that sound", "in Latin letters", "turned"],
)
def test_a_name_written_otherwise_meets_its_person(one: dict[str, str], other: dict[str, str]) -> None:
    village = SILENT | {"address": "白云村12号"}
    assert not keys(side(**village | one)).isdisjoint(keys(side(**SILENT | other)))


def test_strangers_do_not_meet() -> None:
    other = side(**SILENT, name="赵平", birth_date="1950-02-03")
    assert keys(side()).isdisjoint(keys(other))


def test_a_masked_id_is_no_key() -> None:
    assert not any(key.startswith("id:") for key in keys(side(id_no="990122********1261")))


def test_each_pair_comes_once_lower_place_first() -> None:
    sides = [side(WU, record_id=str(n)) for n in range(4)]
    assert list(candidate_pairs(sides)) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_a_key_that_too_many_share_brings_nobody_together() -> None:
    sides = [side(WU, record_id=str(n)) for n in range(4)]
    assert list(candidate_pairs(sides, largest=3)) == []


@given(files())
def test_pairs_are_those_that_share_a_key(rows: list[dict[str, str]]) -> None:
    sides = [side(WU, **row) for row in rows]
    wanted = {
        (one, other)
        for one in range(len(sides))
        for other in range(one + 1, len(sides))
        if not keys(sides[one]).isdisjoint(keys(sides[other]))
    }
    assert set(candidate_pairs(sides)) == wanted
