from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mpi.compare import (
    compare,
    compare_births,
    compare_households,
    compare_ids,
    compare_insurance,
    within_one_edit,
)
from hub.mpi.compare_names import compare_names
from hub.mpi.levels import (
    COMPARISONS,
    BirthLevel,
    ContactLevel,
    FacilityLevel,
    HouseholdLevel,
    IdLevel,
    InsuranceLevel,
    NameLevel,
)
from hub.mpi.names import parse_name, parse_newborn
from tests.mpi.people import WU, citizen_id, side
from tests.mpi.population import records

WOMAN = citizen_id("1984-05-17", 126)
SHORT = WOMAN[:6] + WOMAN[8:17]


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("吴晓岚", "吳曉嵐", NameLevel.EXACT),
        ("WU XIAOLAN", "Wu^Xiaolan", NameLevel.EXACT),
        ("吴晓岚", "吴?岚", NameLevel.UNREADABLE),
        ("吴晓岚", "吴XIAO岚", NameLevel.UNREADABLE),
        ("吴晓岚", "吴小兰", NameLevel.HOMOPHONE),
        ("单晓岚", "山晓岚", NameLevel.HOMOPHONE),
        ("吴晓岚", "Xiaolan Wu", NameLevel.SPELLED),
        ("单晓岚", "SHAN^XIAO LAN", NameLevel.SPELLED),
        ("吴晓岚", "昊晓岚", NameLevel.LOOK_ALIKE),
        ("白岚", "自岚", NameLevel.LOOK_ALIKE),
        ("陈晓梅", "陈晓海", NameLevel.LOOK_ALIKE),
        ("陈晓梅", "阵晓海", NameLevel.DIFFERENT),
        ("吴晓岚", "吴岚晓", NameLevel.TURNED),
        ("吴晓岚", "郑晓岚", NameLevel.SURNAME_DIFFERS),
        ("吴晓岚", "吴岚", NameLevel.LEFT_OUT),
        ("吴晓岚", "吴阿岚", NameLevel.LEFT_OUT),
        ("阿依努尔·买买提", "阿依努尔", NameLevel.LEFT_OUT),
        ("阿依努尔·买买提", "阿依努尔买买提", NameLevel.EXACT),
        ("阿依努尔·买买提", "买买提·阿依努尔", NameLevel.TURNED),
        ("阿依努尔·买买提", "AYINUER MAIMAITI", NameLevel.SPELLED),
        ("约翰·史密斯", "史密斯 约翰", NameLevel.TURNED),
        ("吴晓岚", "吴晓静", NameLevel.PART_DIFFERS),
        ("吴晓岚", "吴建国", NameLevel.SURNAME),
        ("吴岚", "吴静", NameLevel.SURNAME),
        ("吴晓岚", "赵建国", NameLevel.DIFFERENT),
        ("吴岚", "赵岚", NameLevel.GIVEN),
        ("吴岚", "赵静", NameLevel.DIFFERENT),
        ("吴晓岚", "LI JIE", NameLevel.DIFFERENT),
        ("吴晓岚", "WU LANXIAO", NameLevel.TURNED),
        ("吴晓岚", "Wu Lan", NameLevel.LEFT_OUT),
        ("吴晓岚", "WU ALAN", NameLevel.LEFT_OUT),
        ("阿依努尔·买买提", "AYINUER", NameLevel.LEFT_OUT),
        ("吴晓岚", "WU XIALAN", NameLevel.LATIN_SLIP),
        ("MITCHELL DUNSTONE", "MITCHEL DUNSTOME", NameLevel.LATIN_SLIP),
        ("HAYDEN MARINOS", "MARINOS HAYEDN", NameLevel.LATIN_SLIP),
        ("MITCHELL", "MITCHELL GREEN", NameLevel.LEFT_OUT),
        ("WU LAN", "WU NA", NameLevel.SURNAME),
        ("WU LAN", "LI JIE", NameLevel.DIFFERENT),
        ("吴晓?", "WUXIAO", NameLevel.UNREADABLE),
        ("吴?岚", "WU XIAOLAN", NameLevel.UNREADABLE),
        ("吴?岚", "LI JIE", NameLevel.DIFFERENT),
        ("吴晓岚", "", NameLevel.MISSING),
    ],
)
def test_names_by_character_and_sound(one: str, other: str, level: NameLevel) -> None:
    assert compare_names(parse_name(one), parse_name(other)) is level
    assert compare_names(parse_name(other), parse_name(one)) is level


@pytest.mark.parametrize(
    ("other", "level"),
    [
        (date(1984, 5, 7), BirthLevel.EXACT),
        (date(1984, 7, 5), BirthLevel.SWAPPED),
        (date(1984, 5, 17), BirthLevel.ONE_SLIP),
        (date(1984, 4, 7), BirthLevel.ONE_SLIP),
        (date(1984, 6, 6), BirthLevel.LUNAR),
        (date(1985, 1, 1), BirthLevel.PLACEHOLDER),
        (date(1984, 11, 30), BirthLevel.YEAR),
        (date(1961, 11, 30), BirthLevel.DIFFERENT),
        (date(1991, 1, 1), BirthLevel.DIFFERENT),
        (None, BirthLevel.MISSING),
    ],
)
def test_birth_dates(other: date | None, level: BirthLevel) -> None:
    assert compare_births(date(1984, 5, 7), other) is level
    assert compare_births(other, date(1984, 5, 7)) is level


def test_two_placeholders_say_no_more_than_one() -> None:
    assert compare_births(date(1984, 1, 1), date(1984, 1, 1)) is BirthLevel.PLACEHOLDER


@pytest.mark.parametrize(
    ("other", "level"),
    [
        (WOMAN, IdLevel.EXACT),
        (WOMAN[:6] + WOMAN[8:17], IdLevel.EXACT),
        (WOMAN[:16] + WOMAN[17], IdLevel.NEAR),
        (WOMAN[:9] + WOMAN[10] + WOMAN[9] + WOMAN[11:], IdLevel.NEAR),
        (WOMAN[:6] + "********" + WOMAN[14:], IdLevel.MASKED),
        (WOMAN[:3] + "*************" + WOMAN[16:], IdLevel.MISSING),
        (WOMAN[:14] + "****", IdLevel.MISSING),
        (WOMAN[:13] + "8****", IdLevel.DIFFERENT),
        (citizen_id("1984-05-17", 128), IdLevel.CONTRADICTS),
        (citizen_id("1984-05-18", 126), IdLevel.CONTRADICTS),
        (SHORT[:11] + "8" + SHORT[12:], IdLevel.DIFFERENT),
        (SHORT[:2] + SHORT[3] + SHORT[2] + SHORT[4:], IdLevel.DIFFERENT),
        (SHORT[:14] + "8", IdLevel.CONTRADICTS),
        ("990122198405171111", IdLevel.DIFFERENT),
        ("", IdLevel.MISSING),
    ],
)
def test_citizen_ids(other: str, level: IdLevel) -> None:
    one, two = side().id, side(id_no=other).id
    assert compare_ids(one, two) is level
    assert compare_ids(two, one) is level


def test_a_borrowed_id_is_not_compared() -> None:
    child = side(name="吴小雨", birth_date="2019-06-01")
    assert compare(side(), child).id is IdLevel.MISSING


def test_insurance_numbers() -> None:
    assert compare_insurance("990155501234", "990155501234") is InsuranceLevel.EXACT
    assert compare_insurance("990155501234", "990155501243") is InsuranceLevel.NEAR
    assert compare_insurance("990155501234", "990155509999") is InsuranceLevel.DIFFERENT
    assert compare_insurance("", "990155509999") is InsuranceLevel.MISSING


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, HouseholdLevel.PHONE_AND_DOOR),
        ({"address": ""}, HouseholdLevel.PHONE),
        ({"phone": "13900990009"}, HouseholdLevel.DOOR),
        ({"phone": "13900990009;13800990001", "address": ""}, HouseholdLevel.PHONE),
        ({"phone": "13800990002", "address": "", "contact_phone": ""}, HouseholdLevel.CONTACT_PHONE),
        ({"phone": "", "contact_phone": "", "address": "白云村"}, HouseholdLevel.PLACE),
        ({"phone": "13900990009", "contact_phone": "", "address": "红石村9号"}, HouseholdLevel.DIFFERENT),
        ({"phone": "", "contact_phone": "", "address": ""}, HouseholdLevel.MISSING),
        ({"phone": "", "contact_phone": "", "address": "虚构县"}, HouseholdLevel.MISSING),
    ],
)
def test_telephone_and_address_are_one_comparison(changes: dict[str, str], level: HouseholdLevel) -> None:
    assert compare(side(), side(**changes)).household is level


def households(one: dict[str, str], other: dict[str, str]) -> HouseholdLevel:
    return compare_households(side(**one), side(**other))


@pytest.mark.parametrize("area", ["示范省", "示范市虚构县", "青石镇", "永安乡", "城东街道", "示范市吴山区"])
def test_nobody_is_of_one_household_because_both_live_in_a_town(area: str) -> None:
    unknown = {"phone": "", "contact_phone": ""}
    assert households(unknown | {"address": area}, unknown | {"address": area}) is HouseholdLevel.MISSING
    other = unknown | {"address": f"{area}9号"}
    assert households(unknown | {"address": f"{area}8号"}, other) is HouseholdLevel.DIFFERENT
    assert households(other, other) is HouseholdLevel.DOOR


@pytest.mark.parametrize("place", ["白云村", "阳光小区", "铁路社区", "家属区", "人民路"])
def test_a_village_an_estate_or_a_road_is_a_place(place: str) -> None:
    unknown = {"phone": "", "contact_phone": "", "address": place}
    assert households(unknown, unknown) is HouseholdLevel.PLACE


def test_the_contact_of_one_may_be_the_other() -> None:
    father = side(name="吴大海", contact_name="", sex="M")
    assert compare(side(), father).contact is ContactLevel.IS_THE_OTHER
    assert compare(side(), side(contact_name="吴达海")).contact is ContactLevel.EXACT
    assert compare(side(), side(contact_name="周平")).contact is ContactLevel.DIFFERENT


def test_the_facility_is_compared() -> None:
    assert compare(side(), side()).facility is FacilityLevel.SAME
    assert compare(side(), side(facility="F02")).facility is FacilityLevel.OTHER


def test_a_temporary_name_is_not_compared_with_a_childs_own() -> None:
    assert parse_newborn("吴晓岚之女") is not None
    assert compare(side(name="吴晓岚之女"), side(name="吴小雨")).name is NameLevel.MISSING
    assert compare(side(name="吴晓岚之女"), side(name="吴晓岚BB")).name is NameLevel.EXACT


@given(st.text("0123", max_size=6), st.text("0123", max_size=6))
def test_one_edit_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert within_one_edit(one, other) == within_one_edit(other, one)
    if within_one_edit(one, other):
        assert abs(len(one) - len(other)) <= 1


@given(st.text("0123", min_size=1, max_size=6), st.data())
def test_every_single_edit_is_seen(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    assert within_one_edit(text, text[:place] + text[place + 1 :])
    assert within_one_edit(text, text[:place] + "9" + text[place:])
    assert within_one_edit(text, text[:place] + "9" + text[place + 1 :])
    assert within_one_edit(text, text[:place] + text[place : place + 2][::-1] + text[place + 2 :])


@given(records(), records())
def test_comparison_is_symmetric_and_every_level_is_known(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = side(WU, **one), side(WU, **other)
    levels = compare(first, second)
    assert levels == compare(second, first)
    assert all(level in kind for level, kind in zip(levels, COMPARISONS.values(), strict=True))


@given(records())
def test_a_record_never_contradicts_itself(one: dict[str, str]) -> None:
    levels = compare(side(WU, **one), side(WU, **one))
    assert levels.birth in {BirthLevel.EXACT, BirthLevel.PLACEHOLDER, BirthLevel.MISSING}
    assert levels.id in {IdLevel.EXACT, IdLevel.MASKED, IdLevel.MISSING}
    assert levels.name in {NameLevel.EXACT, NameLevel.UNREADABLE, NameLevel.MISSING}
