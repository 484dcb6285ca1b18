"""Reading XML of strangers (R4 xml.html, security.html#narrative; XML 1.0): nothing is fetched or expanded, and what is
not FHIR is refused by its place, never by its content."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.fhir.xml import read_xml, write_xml
from hub.fhir.xml.reading import MAX_DEPTH
from hub.kernel.errors import Category, HubError


def patient(inner: str, *, before: str = "", attributes: str = "") -> bytes:
    return f'{before}<Patient xmlns="http://hl7.org/fhir"{attributes}>{inner}</Patient>'.encode()


def refusal(document: bytes) -> HubError:
    with pytest.raises(HubError) as caught:
        read_xml(document)
    return caught.value


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ATTACKS = {
    "external entity": '<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "external entity over http": '<!DOCTYPE Patient [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]>',
    "parameter entity": '<!DOCTYPE Patient [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
    "external DTD": '<!DOCTYPE Patient SYSTEM "http://127.0.0.1:1/x.dtd">',
    "public DTD": '<!DOCTYPE Patient PUBLIC "-//X//Y" "x.dtd">',
    "billion laughs": f'<!DOCTYPE Patient [<!ENTITY l0 "lol">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE Patient [<!ENTITY x "{"a" * 50_000}">]>',
    "default attribute": '<!DOCTYPE Patient [<!ATTLIST gender value CDATA "male">]>',
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("inner", ["<gender>&x;</gender>", '<gender value="&x;"/>', '<gender value="&l9;"/>'])
def test_a_document_type_is_refused_before_it_is_read(name: str, inner: str) -> None:
    error = refusal(patient(inner, before=ATTACKS[name]))
    assert (error.category, error.what) == (Category.UNREADABLE, "has a document type declaration")


def test_an_xinclude_is_an_unknown_element_and_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{tmp_path}/secret" parse="text"/>'
    assert refusal(patient(include)).where == "Patient"


def test_a_narrative_fetches_and_expands_nothing() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><img src="http://127.0.0.1:1/x"/>&lt;!DOCTYPE x&gt;</div>'
    document = patient(f'<text><status value="generated"/>{div}</text>')
    assert read_xml(document)["text"]["div"] == div


def test_a_deep_document_is_refused() -> None:
    deep = '<extension url="u">' * (MAX_DEPTH + 1) + "</extension>" * (MAX_DEPTH + 1)
    assert refusal(patient(deep)).what.startswith("is nested deeper")
    very = '<extension url="u">' * 100_000 + "</extension>" * 100_000
    assert refusal(patient(very)).category in {Category.TOO_LARGE, Category.UNREADABLE}


def test_many_tags_are_refused_before_they_are_parsed() -> None:
    document = patient("<a/>" * 4_000_001)
    gc.collect()
    tracemalloc.start()
    assert refusal(document).category is Category.TOO_LARGE
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_value_of_more_than_ten_million_characters_is_too_large() -> None:
    assert refusal(patient(f'<gender value="{"a" * 10_000_100}"/>')).category is Category.TOO_LARGE


def test_comments_are_passed_over_but_in_narratives_and_instructions_wherever_they_stand() -> None:
    document = patient(
        '<!-- a --><name><?b c?><!-- a --><family value="沈"><!-- a --></family></name>'
        "<contained><!-- a --><Practitioner><!-- a --></Practitioner><!-- a --></contained>"
        '<text><status value="generated"/>'
        '<div xmlns="http://www.w3.org/1999/xhtml">a<!-- b -->c<?d e?>f</div></text>',
        before='<?xml version="1.0"?><?xml-stylesheet href="x"?><!-- d -->',
    )
    resource = read_xml(document)
    assert resource["name"] == [{"family": "沈"}]
    assert resource["contained"] == [{"resourceType": "Practitioner"}]
    assert resource["text"]["div"] == '<div xmlns="http://www.w3.org/1999/xhtml">a<!-- b -->cf</div>'


def test_the_prefix_of_a_namespace_does_not_matter() -> None:
    document = (
        '<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text>'
        '<f:status value="generated"/><h:div><h:p xml:lang="zh">沈</h:p></h:div></f:text><f:gender value="male"/>'
        "</f:Patient>"
    )
    assert read_xml(document.encode()) == {
        "resourceType": "Patient",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p xml:lang="zh">沈</p></div>',
        },
        "gender": "male",
    }


def test_a_schema_location_is_passed_over_and_the_order_is_not_insisted_on() -> None:
    location = ' xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="http://hl7.org/fhir patient.xsd"'
    document = patient('<gender value="male"/><id value="p"/>', attributes=location)
    assert read_xml(document) == {"resourceType": "Patient", "gender": "male", "id": "p"}


@pytest.mark.parametrize(
    ("inner", "where"),
    [
        ("<nonsense/>", "Patient.nonsense"),
        ('<name><given value="a"/><nick value="b"/></name>', "Patient.name[0].nick"),
        ('<name/><name foo="1"/>', "Patient.name[1].foo"),
        ('<gender value="male"/><gender value="male"/>', "Patient.gender"),
        ('<active value="yes"/>', "Patient.active"),
        ('<multipleBirthInteger value="1.5"/>', "Patient.multipleBirthInteger"),
        ('<multipleBirthInteger value="01"/>', "Patient.multipleBirthInteger"),
        ("<gender/>", "Patient.gender"),
        ("<gender>male</gender>", "Patient.gender"),
        ("<name>words</name>", "Patient.name[0]"),
        ("<name/>words", "Patient"),
        ("<contained/>", "Patient.contained[0]"),
        ('<contained><Organization/><Organization/></contained>', "Patient.contained[0]"),
        ("<contained><Nobody/></contained>", "Patient.contained[0]"),
        ('<text><div>no namespace</div></text>', "Patient.text.div"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"/>', "Patient.div"),
        ('<gender xmlns="urn:other" value="male"/>', "Patient"),
        ('<photo><data><extension url="u"><x/></extension></data></photo>', "Patient.photo[0].data.extension[0].x"),
    ],
)  # fmt: skip
def test_what_is_not_r4_is_refused_by_its_path(inner: str, where: str) -> None:
    error = refusal(patient(inner))
    assert (error.category, error.where, error.code) == (Category.UNREADABLE, where, "xml")


@pytest.mark.parametrize("text", ["1.", ".5", "1e", "NaN", "INF", "0x1", "1" * 65, "1e301", "--1", "١", "1 2", ""])
def test_a_decimal_that_is_none_is_refused(text: str) -> None:
    document = (
        f'<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="{text}"/></valueQuantity></Observation>'
    )
    assert refusal(document.encode()).where == "Observation.valueQuantity.value"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"<Patient/>",
        b'<Patient xmlns="http://hl7.org/fhir">',
        b'<Nobody xmlns="http://hl7.org/fhir"/>',
        b'<Patient xmlns="http://hl7.org/fhir"><gender value="\xff"/></Patient>',
        b'<Patient xmlns="http://hl7.org/fhir"><gender value="\x01"/></Patient>',
        b'<Patient xmlns="http://hl7.org/fhir"><gender value="&#1;"/></Patient>',
        b'<Patient xmlns="http://hl7.org/fhir"><gender value="&nbsp;"/></Patient>',
        '<Patient xmlns="http://hl7.org/fhir"/>'.encode("utf-16"),
    ],
)
def test_what_is_no_document_is_unreadable(document: bytes) -> None:
    assert refusal(document).category is Category.UNREADABLE


@pytest.mark.parametrize("name", ["GB18030", "iso-8859-1", "utf-16", "nonsense"])
def test_another_encoding_is_refused_as_such(name: str) -> None:
    error = refusal(patient("", before=f"<?xml version='1.0' encoding='{name}'?>"))
    assert (error.category, error.code) == (Category.UNSUPPORTED, "media-type")


@pytest.mark.parametrize("before", ["", "\ufeff", "<?xml version='1.0' encoding=\"utf-8\"?>", "<?xml version='1.0'?>"])
def test_utf8_is_read_with_and_without_its_declaration(before: str) -> None:
    assert read_xml(patient('<id value="沈"/>', before=before))["id"] == "沈"


def test_a_refusal_never_repeats_what_was_sent() -> None:
    for inner in (
        '<name secretword="1"/>',
        "<gender>secretword</gender>",
        f"<{'secretword' * 9}/>",
        '<active value="secretword"/>',
    ):
        assert "secretwordsecretword" not in str(refusal(patient(inner)))
    assert "secretword" not in str(refusal(patient('<active value="secretword"/>')))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='<>/="&;?! xPatientnamegivenvalue', max_size=60).map(str.encode))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    for document in (data, patient("").replace(b"></", b">" + data + b"</")):
        try:
            resource = read_xml(document)
        except HubError:
            continue
        assert read_xml(write_xml(resource)) == resource
