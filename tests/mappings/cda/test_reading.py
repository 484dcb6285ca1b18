"""What a file may look like: character sets, prefixes, faults that are mended, attacks that are refused (item 53)."""

from __future__ import annotations

import codecs
import time
from base64 import b64encode
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.cda.convert import convert
from mappings.cda.reading import documents
from tests.mappings.cda.documents import BASE, converted, document, made, observation, pq, section

TEXT = document(section("8716-3", "VITAL SIGNS", [observation("DE04.10.174.00", "收缩压", pq("150", "mmHg"))]))


def names(raw: bytes) -> list[str]:
    return [patient["name"][0]["text"] for patient in made(raw, "Patient")]


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + f'<?xml version="1.0" encoding="UTF-8"?>{TEXT}'.encode(),
        f'<?xml version="1.0" encoding="GBK"?>{TEXT}'.encode("gbk"),
        f'<?xml version="1.0" encoding="gb2312"?>\n{TEXT}'.encode("gb18030"),
        f'<?xml version="1.0" encoding="UTF-8"?>{TEXT}'.encode("gbk"),
        TEXT.encode("gbk"),
        f'<?xml version="1.0" encoding="GBK"?>{TEXT}'.encode(),
        f'<?xml version="1.0" encoding="UTF-16"?>{TEXT}'.encode("utf-16"),
        f'  \n<?xml version="1.0"?>{TEXT}'.encode(),
    ],
    ids=["plain", "bom", "gbk", "gb2312", "gbk-as-utf8", "gbk-undeclared", "utf8-as-gbk", "utf16", "blanks-first"],
)
def test_the_character_set_is_what_the_bytes_show(raw: bytes) -> None:
    assert names(raw) == ["测试甲"]


def test_a_place_is_numbered_among_those_of_its_name_only() -> None:
    ((root,), _) = documents(b"<ClinicalDocument><a/><b/><a><c/><c/></a></ClinicalDocument>")
    assert [node.path for node in root.walk()] == ["", "a[1]", "b", "a[2]", "a[2]/c[1]", "a[2]/c[2]"]


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("<", "<v3:").replace("<v3:/", "</v3:").replace("xmlns=", "xmlns:v3="),
        TEXT.replace("<", "<cda:").replace("<cda:/", "</cda:").replace('xmlns="urn:hl7-org:v3"', ""),
        TEXT.replace('xmlns="urn:hl7-org:v3"', ""),
        TEXT.replace('xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', ""),
        f"<Envelope><Body><content>{TEXT}</content></Body></Envelope>",
        f"<Envelope><Body><content><![CDATA[{TEXT}]]></content></Body></Envelope>",
        f"<Envelope><Body>{escape(TEXT)}</Body></Envelope>",
        f"<Envelope><Body>{b64encode(TEXT.encode('gbk')).decode()}</Body></Envelope>",
        TEXT.replace("测试文档", "A & B&nbsp;\x0b"),
    ],
    ids=[
        "prefix",
        "undeclared-prefix",
        "no-namespace",
        "undeclared-xsi",
        "envelope",
        "cdata",
        "escaped",
        "base64",
        "bare-ampersand",
    ],
)
def test_namespaces_prefixes_envelopes_and_faults_do_not_hide_the_facts(text: str) -> None:
    assert names(text.encode()) == ["测试甲"]
    (found,) = made(text, "Observation")
    assert found["valueQuantity"] == {
        "value": 150,
        "unit": "mmHg",
        "system": "http://unitsofmeasure.org",
        "code": "mm[Hg]",
    }


def test_two_documents_of_a_file_are_two_rows() -> None:
    rows = list(convert("a.xml", f"<all>{TEXT}{TEXT.replace('D1', 'D2')}</all>".encode(), BASE))
    assert [row["index"] for row in rows] == [0, 1]
    assert rows[0]["bundle"] != rows[1]["bundle"]


ATTACKS = {
    "xxe-file": f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>{TEXT.replace("测试甲", "&x;")}',
    "xxe-http": f'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>{TEXT.replace("测试甲", "&x;")}',
    "external-dtd": f'<!DOCTYPE ClinicalDocument SYSTEM "http://127.0.0.1:9/a.dtd">{TEXT}',
    "laughs": '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + TEXT,
    "parameter-entity": f'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>{TEXT}',
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_document_type_declaration_is_refused_whatever_it_declares(name: str) -> None:
    row = converted(ATTACKS[name])
    assert row["bundle"] is None
    assert [(issue["severity"], issue["code"]) for issue in row["issues"]] == [("fatal", "dtd")]
    assert "root:" not in str(row)


def test_what_includes_or_transforms_is_only_text_of_the_document() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    sheet = '<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/a.xsl"?>'
    row = converted(sheet + TEXT.replace("<title>", f"<title>{include}"))
    assert row["bundle"] is not None
    assert "root:" not in str(row)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TEXT.replace("测试文档", "x" * 10_000_001), "too-large"),
        (TEXT.replace("测试文档", "<a>" * 300 + "</a>" * 300), "too-large"),
        (TEXT.replace("测试文档", "<a/>" * 1_000_001), "too-large"),
    ],
    ids=["long-value", "deep", "many-tags"],
)
def test_trees_beyond_the_limits_are_refused_fast(text: str, code: str) -> None:
    started = time.process_time()
    row = converted(text)
    assert [issue["code"] for issue in row["issues"]] == [code]
    assert time.process_time() - started < 5


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"<ClinicalDocument>{text}".encode()))
@settings(max_examples=40, deadline=None)
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    (row,) = convert("a.xml", raw, BASE)
    assert row.keys() == {"source", "index", "bundle", "report", "issues"}


@given(st.integers(0, len(TEXT) - 2), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_a_document_with_a_piece_cut_out_does_not_make_it_raise(start: int, length: int) -> None:
    (row,) = convert("a.xml", (TEXT[:start] + TEXT[start + length :]).encode(), BASE)
    assert row["bundle"] is not None or row["issues"]
    assert all(issue["code"] != "fault" for issue in row["issues"])
