import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mpi.names import NO_NAME, Newborn, parse_name, parse_newborn


@pytest.mark.parametrize(
    ("written", "surname", "given_name"),
    [
        ("吴晓岚", "吴", "晓岚"),
        ("吴 晓 岚　", "吴", "晓岚"),
        ("吴晓岚（女）", "吴", "晓岚"),
        ("吴晓岚2", "吴", "晓岚"),
        ("歐陽嵐", "欧阳", "岚"),
        ("欧阳", "欧", "阳"),
        ("阿依努尔·买买提", "", "阿依努尔买买提"),
        ("阿依努尔-买买提", "", "阿依努尔买买提"),
        ("吴?岚", "吴", "?岚"),
    ],
)
def test_a_chinese_name_is_read_by_character(written: str, surname: str, given_name: str) -> None:
    name = parse_name(written)
    assert (name.script, name.surname, name.given) == ("han", surname, given_name)


@pytest.mark.parametrize("separator", "·•.・‧∙⋅●—-．﹒･")
def test_whatever_stands_between_the_parts_of_a_minority_name_its_first_part_is_known(separator: str) -> None:
    name = parse_name(f"阿依努尔{separator}买买提")
    assert (name.full, name.surname, name.first) == ("阿依努尔买买提", "", "阿依努尔")


@pytest.mark.parametrize("written", ["WU^XIAO LAN", "Wu Xiaolan", "Xiaolan Wu", "WUXIAOLAN", "wu, xiao lan"])
def test_every_order_and_separator_of_latin_letters_gives_the_spelling(written: str) -> None:
    assert "WUXIAOLAN" in parse_name(written).spellings


def test_a_character_written_as_its_sound_is_unknown_but_spelled() -> None:
    name = parse_name("吴XIAO岚")
    assert name.full == "吴?岚"
    assert "WUXIAOLAN" in name.spellings


@pytest.mark.parametrize("written", ["", "  ", "?", "12", "（无）"])
def test_what_names_nobody_is_no_name(written: str) -> None:
    assert parse_name(written) == NO_NAME


@pytest.mark.parametrize(
    ("written", "newborn"),
    [
        ("吴晓岚之女", Newborn("吴晓岚", "F", "")),
        ("吴晓岚之子2", Newborn("吴晓岚", "M", "2")),
        ("吴晓岚之女A", Newborn("吴晓岚", "F", "1")),
        ("吴晓岚之次女", Newborn("吴晓岚", "F", "2")),
        ("吴晓岚之子乙", Newborn("吴晓岚", "M", "2")),
        ("吴晓岚BB", Newborn("吴晓岚", "", "")),
        ("吴晓岚婴", Newborn("吴晓岚", "", "")),
        ("吴岚新生儿", Newborn("吴岚", "", "")),
    ],
)
def test_a_temporary_name_tells_parent_sex_and_order(written: str, newborn: Newborn) -> None:
    assert parse_newborn(written) == newborn


@pytest.mark.parametrize("written", ["吴晓岚", "吴娣女", "吴子", "孔子", "之子", "WU LAN", ""])
def test_an_ordinary_name_is_not_a_temporary_one(written: str) -> None:
    assert parse_newborn(written) is None


@given(st.text(max_size=20))
def test_any_text_can_be_read(text: str) -> None:
    name = parse_name(text)
    assert name.script in {"han", "latin", ""}
    assert name.surname + name.given in {name.full, ""}
    parse_newborn(text)


@pytest.mark.parametrize(
    ("text", "newborn"), [("KYLE WEBB", False), ("WEBB", False), ("WU LAN BB", True), ("吴岚BB", True)]
)
def test_a_surname_in_latin_letters_is_no_mark_of_a_newborn(text: str, newborn: bool) -> None:
    assert (parse_newborn(text) is not None) is newborn
