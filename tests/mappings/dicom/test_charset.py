"""Names in every character set of PS3.3 C.12.1.1.2, and under labels that are wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.dicom.charset import charset
from tests.mappings.dicom.objects import codes, labelled, line, resource

ZHANG = "张^小东"
GB = ZHANG.encode("gb18030")
ESCAPE = b"\x1b$)A"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        (
            b"\\ISO 2022 IR 58 ",
            b"Zhang^XiaoDong=" + ESCAPE + "张".encode("gb2312") + b"^" + ESCAPE + "小东".encode("gb2312"),
        ),
        (b"\\ISO 2022 IR 58 ", b"Zhang^XiaoDong=" + ESCAPE + GB),
        (b"\\ISO 2022 IR 58 ", b"Zhang^XiaoDong=" + GB),
        (b"ISO_IR 100", b"Zhang^XiaoDong=" + ESCAPE + GB),
        (b"GB18030 ", b"Zhang^XiaoDong=" + GB),
        (b"GBK ", b"Zhang^XiaoDong=" + GB),
        (b"GB18030\\ISO_IR 192", b"Zhang^XiaoDong=" + GB),
        (b"GB18030\\ISO_IR 192", b"Zhang^XiaoDong=" + ZHANG.encode()),
        (b"ISO_IR 192", b"Zhang^XiaoDong=" + ZHANG.encode()),
        (b"ISO_IR 192", b"Zhang^XiaoDong=" + GB),
        (b"ISO_IR 100", b"Zhang^XiaoDong=" + GB),
        (b"ISO_IR 100", b"Zhang^XiaoDong=" + ZHANG.encode()),
        (None, b"Zhang^XiaoDong=" + GB),
        (None, b"Zhang^XiaoDong=" + ZHANG.encode()),
        (b"ISO_IR 192", b"Zhang^XiaoDong=" + ZHANG.encode("utf-8-sig")),
        (b"UTF-8 ", b"Zhang^XiaoDong=" + ZHANG.encode()),
        (b"CHINESE ", b"Zhang^XiaoDong=" + GB),
    ],
)
def test_a_chinese_name_is_right_whatever_the_label_says(label: bytes | None, name: bytes) -> None:
    names = resource(line(labelled(name + b" " * (len(name) % 2), label)), "Patient")["name"]
    assert [each["text"] for each in names] == ["张小东", "XiaoDong Zhang"]
    assert (names[0]["family"], names[0]["given"]) == ("张", ["小东"])


@pytest.mark.parametrize(
    ("label", "raw", "text"),
    [
        ("ISO_IR 100", "Buc^Jérôme".encode("latin-1"), "Buc^Jérôme"),
        ("ISO_IR 100", "créée".encode("latin-1"), "créée"),
        ("", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
        ("ISO_IR 101", "Wałęsa".encode("iso8859-2"), "Wałęsa"),
        ("ISO_IR 144", "Люкceмбypг".encode("iso8859-5"), "Люкceмбypг"),
        ("ISO_IR 126", "Διονυσιος".encode("iso8859-7"), "Διονυσιος"),
        ("ISO_IR 127", "قباني".encode("iso8859-6"), "قباني"),
        ("ISO_IR 138", "שרון".encode("iso8859-8"), "שרון"),
        ("ISO_IR 166", "สมชาย".encode("iso8859-11"), "สมชาย"),
        ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        ("\\ISO 2022 IR 87", b"=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "=山田^太郎"),
        ("\\ISO 2022 IR 149", b"=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "=洪^吉洞"),
        ("ISO_IR 100", "赵^镕基".encode("gb18030"), "赵^镕基"),
        ("ISO_IR 100", "喆^镕".encode("gb18030"), "喆^镕"),
        ("ISO_IR 100", "王^镕".encode("gb18030"), "王^镕"),
        ("ISO_IR 100", "邵^竑涛".encode("gb18030"), "邵^竑涛"),
        ("ISO_IR 100", "王^諼".encode("gb18030"), "王^諼"),
        ("", "沈^訪".encode("gb18030"), "沈^訪"),
        ("", "邢騞鄍".encode("gb18030"), "邢騞鄍"),
        ("ISO_IR 100", "Zhang^San=尤^輊".encode("gb18030"), "Zhang^San=尤^輊"),
        ("ISO_IR 101", "Čížek^Říčan".encode("iso8859-2"), "Čížek^Říčan"),
        ("ISO_IR 148", "Öğüt^İç".encode("iso8859-9"), "Öğüt^İç"),
        ("ISO_IR 110", "Šķēle".encode("iso8859-4"), "Šķēle"),
        ("ISO_IR 100", "Þór^Ævar Hää, 40 µg à Öz".encode("latin-1"), "Þór^Ævar Hää, 40 µg à Öz"),
        ("ISO_IR 100", "Hélène^ÉRIC".encode("latin-1"), "Hélène^ÉRIC"),
        ("", "Tête 37°C, 40 µg, ±30° à gauche".encode("latin-1"), "Tête 37°C, 40 µg, ±30° à gauche"),
        ("GB18030", "王^㐂𠮷".encode("gb18030"), "王^㐂𠮷"),
        ("\\ISO 2022 IR 58", b"=\x1b$AUE\x1b(B^\x1b$AP!6+\x1b(B", "=张^小东"),
        ("ISO_IR 192", ("张" * 30).encode()[:64], "张" * 21 + "\ufffd"),
        ("", "云泽县人民医院影像科".encode("gb18030")[:-1], "云泽县人民医院影像\ufffd"),
        ("", "José".encode("latin-1"), "José"),
    ],
)
def test_a_text_is_read_by_its_label_or_by_its_bytes(label: str, raw: bytes, text: str) -> None:
    assert charset(label.split("\\"), raw).decode(raw) == text


def test_a_wrong_label_is_told_and_a_right_one_is_not() -> None:
    assert "charset-mismatch" in codes(line(labelled(b"A=" + GB + b" ", b"ISO_IR 100")))
    assert "charset-absent" in codes(line(labelled(b"A=" + GB + b" ", None)))
    assert "charset-unknown" in codes(line(labelled(b"A=" + GB + b" ", b"CHINESE ")))
    assert codes(line(labelled(b"A=" + GB + b" ", b"GB18030 "))) == []


def test_bytes_that_are_no_character_are_told_and_stop_nothing() -> None:
    found = line(labelled(b"\xff\xff\x80\xff^\xff ", b"ISO_IR 192"))
    assert "charset-bytes" in codes(found) or resource(found, "Patient")["name"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.sampled_from(["", "ISO_IR 100", "\\ISO 2022 IR 58", "GB18030", "ISO_IR 192", "x"]))
def test_no_bytes_raise(raw: bytes, label: str) -> None:
    assert isinstance(charset(label.split("\\"), raw).decode(raw), str)


@settings(max_examples=60, deadline=None)
@given(st.text("张王李赵小东明华国强伟芳娜敏静", min_size=2, max_size=4), st.sampled_from(["gb18030", "utf-8"]))
def test_two_hanzi_are_recognised_without_a_label(name: str, codec: str) -> None:
    raw = name.encode(codec)
    assert charset([], raw).decode(raw) == name
