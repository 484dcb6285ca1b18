import pytest

from hub.kernel.pinyin import readings, spellings, typed
from hub.mpi.characters import fold, is_han, same_sound


@pytest.mark.parametrize(
    ("written", "folded"),
    [("吳曉嵐", "吴晓岚"), ("Ｗｕ　ｘ", "WU X"), ("吴□岚", "吴?岚"), ("吴*", "吴?"), ("68號", "68号"), ("", "")],
)
def test_variants_of_a_character_become_one(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_folding_twice_is_folding_once() -> None:
    assert fold(fold("龔ｱ□x")) == fold("龔ｱ□x")


@pytest.mark.parametrize("character", ["吴", "㛃", "䶮", "𠮷", "?"])
def test_rare_characters_are_characters(character: str) -> None:
    assert is_han(character)


@pytest.mark.parametrize("character", ["A", "1", "·", " ", "ア"])
def test_other_signs_are_not(character: str) -> None:
    assert not is_han(character)


def test_a_polyphone_has_the_reading_it_has_in_surnames() -> None:
    assert {"SHAN"} < set(readings("单"))
    assert {"ZENG"} < set(readings("曾"))
    assert same_sound("单", "山")
    assert not same_sound("单", "吴")


def test_a_name_is_spelled_in_every_usual_way_the_usual_first() -> None:
    assert spellings("吴岚")[0] == "WULAN"
    assert set(spellings("单岚")) == {"DANLAN", "SHANLAN", "CHANLAN"}
    assert spellings("吕") == ("LV",)


def test_an_unknown_character_cannot_be_spelled() -> None:
    assert spellings("吴?") == ()


def test_ways_to_spell_are_bounded() -> None:
    assert len(spellings("单" * 12)) <= 8


def test_what_is_typed_for_a_name_is_its_pinyin_or_its_initials_in_every_usual_reading() -> None:
    assert {"shenguilan", "sgl"} <= set(typed("沈桂兰"))
    assert {"danxiong", "shanxiong", "dx", "sx"} <= set(typed("单雄"))
    assert typed("Alice") == typed("") == typed("沈兰A") == ()
