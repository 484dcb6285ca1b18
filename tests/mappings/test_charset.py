"""Bytes are read as what they are, MSH-18 is believed where it can be true, and nothing is lost in silence."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mappings.hl7v2.charset import Decoded, decode
from mappings.hl7v2.charset_names import codec_named

COMMON = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学"
)
SURNAMES = "沈陆邵顾庄杜温阮程毕王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余"


def message(text: str, declared: str = "") -> str:
    return f"MSH|^~\\&|HIS|F01|HUB|Y|20260105083000||ADT^A01|1|P|2.4||||||{declared}\rPID|1||1||{text}"


def codes(decoded: Decoded) -> list[str]:
    return [issue.code for issue in decoded.issues]


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("utf-8", "utf-8"),
        ("GB18030", "gb18030"),
        ("GB 18030-2000", "gb18030"),
        ("GB2312", "gb18030"),
        ("gbk", "gb18030"),
        ("8859/1", "iso8859-1"),
        ("ISO-8859-15", "iso8859-15"),
        ("ISO IR100", "iso8859-1"),
        ("ISO-IR 6", "ascii"),
        ("ASCII", "ascii"),
        ("BIG-5", "big5hkscs"),
        ("UNICODE", None),
        ("false", None),
        ("CHN", None),
        ("", None),
        ("8859/99", None),
    ],
)
def test_names_of_character_sets_are_understood_as_senders_write_them(declared: str, codec: str | None) -> None:
    assert codec_named(declared) == codec
    assert codec is None or "A".encode(codec) == b"A"


@pytest.mark.parametrize("declared", ["", "UNICODE", "GB2312"])
def test_a_gbk_message_is_read_as_gb18030_with_or_without_msh_18(declared: str) -> None:
    text = message("沈桂兰||19580412|女", declared)
    assert decode(text.encode("gbk")) == Decoded(text, "gb18030", ())


@pytest.mark.parametrize("declared", ["", "UNICODE", "UTF-8", "UNICODE UTF-8"])
def test_a_utf_8_message_is_read_as_utf_8_with_or_without_msh_18(declared: str) -> None:
    text = message("沈桂兰||19580412|女", declared)
    assert decode(text.encode()) == Decoded(text, "utf-8", ())


@pytest.mark.parametrize(
    ("declared", "actual", "codec"),
    [
        ("UTF-8", "gbk", "gb18030"),
        ("GB2312", "utf-8", "utf-8"),
        ("ASCII", "gbk", "gb18030"),
        ("8859/1", "gbk", "gb18030"),
        ("8859/1", "utf-8", "utf-8"),
    ],
)
def test_a_lie_in_msh_18_is_seen_and_reported(declared: str, actual: str, codec: str) -> None:
    text = message("沈桂兰", declared)
    decoded = decode(text.encode(actual))
    assert (decoded.text, decoded.charset, codes(decoded)) == (text, codec, ["charset-mismatch"])
    assert "沈" not in decoded.issues[0].text


def test_a_name_of_no_character_set_is_reported_and_the_bytes_decide() -> None:
    text = message("沈桂兰", "false")
    decoded = decode(text.encode("gbk"))
    assert (decoded.text, codes(decoded)) == (text, ["charset-unknown"])


def test_four_byte_characters_of_gb18030_are_read() -> None:
    text = message("𠮷田㐂")
    assert decode(text.encode("gb18030")) == Decoded(text, "gb18030", ())


@pytest.mark.parametrize("unit", ["μmol/L", "µg", "37.2°C", "3×10", "José Núñez"])
def test_a_unit_in_utf_8_is_not_taken_for_hanzi(unit: str) -> None:
    assert decode(message(unit).encode()).text == message(unit)


def test_one_short_name_in_gbk_is_not_taken_for_utf_8() -> None:
    text = message("女")
    assert text.encode("gbk").decode("utf-8")  # it is valid UTF-8, by accident
    assert decode(text.encode("gbk")).text == text


def test_other_alphabets_in_utf_8_need_no_msh_18() -> None:
    for words in ("Příliš žluťoučký kůň", "Иванов Пётр Сергеевич"):
        assert decode(message(words).encode()).text == message(words)


@pytest.mark.parametrize("declared", ["8859/1", ""])
def test_accented_letters_of_latin_1_are_not_taken_for_hanzi(declared: str) -> None:
    text = message("José|Müller|", declared)
    assert decode(text.encode("latin-1")).text == text


def test_the_profile_overrules_msh_18_and_the_bytes() -> None:
    text = message("女", "UTF-8")
    assert decode(text.encode("gbk"), "gb18030") == Decoded(text, "gb18030", ())


def test_a_field_cut_within_a_character_costs_that_character_only() -> None:
    whole = message("沈桂兰|北京市朝阳区", "UTF-8").encode()
    cut = whole.replace("兰".encode(), "兰".encode()[:2])
    decoded = decode(cut)
    assert decoded.text == message("沈桂\ufffd|北京市朝阳区", "UTF-8")
    assert codes(decoded) == ["charset-bytes"]
    assert decode(cut.replace(b"UTF-8", b"")).text == message("沈桂\ufffd|北京市朝阳区")


def test_a_gbk_field_cut_within_a_character_is_pointed_out() -> None:
    cut = message("沈桂兰|北京").encode("gbk").replace("兰".encode("gbk"), "兰".encode("gbk")[:1])
    assert "charset-delimiter" in codes(decode(cut))


def test_gbk_characters_that_end_in_a_delimiter_byte_do_not_split() -> None:
    text = message("张東朸晘朶")
    assert {"東朸晘朶".encode("gbk")[n] for n in (1, 3, 5, 7)} == set(b"|^~\\")
    assert decode(text.encode("gbk")).text == text


def test_an_ascii_message_keeps_the_character_set_it_declares_for_its_escapes() -> None:
    assert decode(message("Shen", "GB18030").encode()).charset == "gb18030"
    assert decode(message("Shen").encode()).charset == "utf-8"


def test_a_file_in_utf_16_is_known_by_its_mark() -> None:
    assert decode(message("沈桂兰").encode("utf-16")).text == message("沈桂兰")


@given(st.text(st.sampled_from(COMMON + SURNAMES), min_size=6, max_size=40), st.sampled_from(["gbk", "utf-8"]))
def test_chinese_text_is_read_right_whatever_it_is_encoded_in(text: str, codec: str) -> None:
    assert decode(message(text).encode(codec)).text == message(text)


@example("绉丁", "gbk")
@example("駙丁", "gbk")
@given(
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1), st.sampled_from(["gbk", "utf-8"])
)
def test_hanzi_are_read_right_when_msh_18_tells_the_truth(text: str, codec: str) -> None:
    assert decode(message(text, codec).encode(codec)).text == message(text, codec)


@given(st.binary(max_size=300), st.sampled_from(["", "UTF-8", "GB18030", "8859/1", "BIG-5", "ASCII"]))
def test_any_bytes_become_text_and_what_is_lost_is_reported(body: bytes, declared: str) -> None:
    raw = message("", declared).encode() + body
    text, charset, issues = decode(raw)
    lossless = text.encode(charset, "surrogatepass") == raw if "\ufffd" not in text else False
    assert lossless or issues or "\ufffd".encode() in raw


@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("", "cp1252", "Nicolò d’Amò"),
        ("", "iso8859-1", "Müßig, Zoë, naïf"),
        ("UNICODE UTF-8", "iso8859-1", "Åse Bjørn 5"),
        ("KS X 1001", "euc_kr", "김철수"),
        ("~ISO IR87", "iso2022_jp", "山田太郎"),
        ("", "iso2022_jp", "鈴木"),
        ("GBK", "gb18030", "一专丝丿"),
    ],
)
def test_names_of_other_countries_are_read_right(declared: str, codec: str, name: str) -> None:
    text = f"MSH|^~\\&|A|B|||20260101||ADT^A01|1|P|2.5||||||{declared}\rPID|1||7||{name}"
    assert decode(text.encode(codec)).text == text
