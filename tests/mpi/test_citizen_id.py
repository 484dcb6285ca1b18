from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.kernel.citizen_id import check_digit
from hub.mpi.citizen_id import CitizenId, masks, parse_citizen_id
from tests.mpi.people import citizen_id

WOMAN = citizen_id("1984-05-17", 126)


def read(text: str) -> CitizenId:
    found = parse_citizen_id(text)
    assert found is not None
    return found


def test_a_valid_id_tells_birth_and_sex() -> None:
    assert read(WOMAN) == CitizenId(WOMAN, valid=True, birth=date(1984, 5, 17), sex="F")


def test_a_check_digit_x_is_read_in_any_letter() -> None:
    body = next(f"99012219840517{n:03d}" for n in range(1000) if check_digit(f"99012219840517{n:03d}") == "X")
    assert read(body + "x") == read(body + "Ｘ") == read(body + "X")
    assert read(body + "x").valid


def test_fifteen_digits_are_the_same_id_as_eighteen() -> None:
    short = read(WOMAN[:6] + WOMAN[8:17])
    assert replace(short, short=False) == read(WOMAN)
    assert read(short.written) == short


@pytest.mark.parametrize("text", [WOMAN[:17] + ("0" if WOMAN[17] != "0" else "1"), "990122198413401234", WOMAN[:17]])
def test_a_wrong_id_is_kept_but_not_valid(text: str) -> None:
    assert read(text).digits == text
    assert not read(text).valid


@pytest.mark.parametrize(
    "text",
    ["", "无", "E12345678", "1234567", "1" * 15, "1" * 18, "1" * 17 + "X", "123456789012345678", "990122000000000000"],
)
def test_what_is_no_citizen_id_is_none(text: str) -> None:
    assert parse_citizen_id(text) is None


def test_a_masked_id_may_be_the_one_whose_ends_it_shows() -> None:
    masked = read(WOMAN[:6] + "*" * 8 + WOMAN[14:])
    assert masked.masked
    assert masks(masked, read(WOMAN))
    assert masks(read(WOMAN), masked)
    assert not masks(masked, read(citizen_id("1984-05-17", 128)))


@pytest.mark.parametrize(("front", "end"), [(3, 4), (6, 2), (14, 0), (17, 0)])
def test_two_masks_of_one_id_agree_where_both_show_it(front: int, end: int) -> None:
    usual, other = (read(WOMAN[:n] + "*" * (18 - n - m) + WOMAN[18 - m :]) for n, m in ((6, 4), (front, end)))
    stranger = read("1" + WOMAN[1:6] + "*" * 8 + WOMAN[14:])
    assert other.masked or front + end > 14
    assert masks(usual, other)
    assert masks(other, usual)
    assert not masks(stranger, other)
    assert not masks(other, stranger)


@given(st.dates(date(1900, 1, 1), date(2030, 1, 1)), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_never_valid(birth: date, sequence: int, place: int, more: int) -> None:
    digits = citizen_id(birth.isoformat(), sequence)
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    assert read(digits).valid
    assert not read(wrong).valid


@given(st.text(max_size=20))
def test_any_text_can_be_read(text: str) -> None:
    found = parse_citizen_id(text)
    assert found is None or not found.valid or found.birth is not None


def test_digits_of_another_script_fit_no_check_digit_by_their_bytes() -> None:
    found = parse_citizen_id("990122198001010٠1X")
    assert found is not None
    assert not found.valid
