import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mpi.contacts import MOST_PHONES, Address, parse_address, parse_phone, parse_phones, same_door


@pytest.mark.parametrize(
    "text",
    ["13800990001", "+8613800990001", "86-13800990001", "138 0099 0001", "１３８００９９０００１"],
)
def test_a_mobile_number_is_read_however_it_is_written(text: str) -> None:
    assert parse_phone(text) == "13800990001"


def test_a_fixed_number_keeps_its_area_code() -> None:
    assert parse_phone("0990-8427627") == "09908427627"


@pytest.mark.parametrize("text", ["", "无", "不详", "0", "11111111111", "1380099000", "13333333333"])
def test_what_is_no_number_is_empty(text: str) -> None:
    assert parse_phone(text) == ""


def test_several_numbers_in_one_field_are_read_each_once() -> None:
    assert parse_phones("13800990001、0990-8427627；138 0099 0001／不详") == ("13800990001", "09908427627")
    assert parse_phones("无") == ()
    assert len(parse_phones(",".join(f"1380099{number:04}" for number in range(20)))) == MOST_PHONES


FULL = "示范省示范市虚构县青石镇白云村3组12号"


@pytest.mark.parametrize("text", [FULL, "虚构县白云村12号", "青石白云村三组12號 ", "白云村 12"])
def test_one_door_is_seen_however_much_of_the_address_is_left_out(text: str) -> None:
    one, other = parse_address(FULL), parse_address(text)
    assert one is not None
    assert other is not None
    assert same_door(one, other)
    assert same_door(other, one)


@pytest.mark.parametrize("text", ["虚构县白云村3组13号", "虚构县红石村3组12号", "青石镇白云村"])
def test_another_number_or_place_or_no_number_is_not_the_same_door(text: str) -> None:
    one, other = parse_address(FULL), parse_address(text)
    assert one is not None
    assert other is not None
    assert not same_door(one, other)


def test_numerals_count_only_where_numbers_stand() -> None:
    assert parse_address("三里村十二组5号") == Address("三里村", ("12", "5"))
    assert parse_address("金云苑七幢二十单元3室") == Address("金云苑", ("7", "20", "3"))


@given(st.text(max_size=30))
def test_any_text_can_be_read(text: str) -> None:
    parse_phone(text)
    found = parse_address(text)
    assert found is None or len(found.place) in {2, 3}
