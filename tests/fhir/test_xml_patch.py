"""XML Patch on the R4 XML form: RFC 5261 section 4, http.html#patch, xml.html."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.patch.xml_patch import read_xml_patch
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b> c</div>'},
    "extension": [{"url": "http://x.test/a", "valueDecimal": Decimal("1.50")}],
    "name": [{"use": "official", "family": "a", "given": ["x", "y"]}, {"use": "usual", "family": "b"}],
    "gender": "female",
    "birthDate": "1958-04-12",
}


def document(*operations: str, root: str = "diff") -> bytes:
    return f'<{root} xmlns="http://hl7.org/fhir" xmlns:f="http://hl7.org/fhir">{"".join(operations)}</{root}>'.encode()


def patched(*operations: str, resource: Json = PATIENT) -> Json:
    return read_xml_patch(document(*operations))(deepcopy(resource))


def test_replace_changes_an_attribute_or_an_element() -> None:
    now = patched(
        '<replace sel="f:Patient/f:birthDate/@value">1960</replace>',
        '<replace sel="/Patient/name[2]/family"><family value="c"/></replace>',
        "<replace sel=\"f:Patient/f:name[f:use/@value='official']/f:given[1]/@value\">z</replace>",
        "<replace sel=\"f:Patient/f:extension[@url='http://x.test/a']/f:valueDecimal/@value\">2.00</replace>",
    )
    assert now["birthDate"] == "1960"
    assert [name["family"] for name in now["name"]] == ["a", "c"]
    assert now["name"][0]["given"] == ["z", "y"]
    assert str(now["extension"][0]["valueDecimal"]) == "2.00"


def test_comments_of_a_narrative_stay_and_are_no_elements() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><!-- a --><b>b</b></div>'
    noted = {**PATIENT, "text": {"status": "generated", "div": div}}
    now = patched('<replace sel="f:Patient/f:birthDate/@value">1960</replace>', resource=noted)
    assert now == {**noted, "birthDate": "1960"}
    now = patched('<remove sel="f:Patient/f:text/*[2]/*[1]"/>', resource=noted)
    assert now["text"]["div"] == '<div xmlns="http://www.w3.org/1999/xhtml"><!-- a --></div>'


def test_comments_of_a_patch_are_no_content_but_in_a_narrative() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><!-- a --><p>b<!-- c -->d</p></div>'
    now = patched(
        "<!-- 1 -->",
        f'<replace sel="f:Patient/f:text/*[2]"><!-- 2 -->{div}</replace>',
        '<replace sel="f:Patient/f:birthDate/@value">19<!-- 3 -->60</replace>',
        '<add sel="f:Patient"><contact><!-- 4 --><gender value="male"/></contact><!-- 5 --></add>',
    )
    assert (now["text"]["div"], now["birthDate"], now["contact"]) == (div, "1960", [{"gender": "male"}])


def test_add_appends_prepends_and_puts_beside() -> None:
    name = '<name><family value="{}"/></name>'.format
    now = patched(
        f'<add sel="f:Patient">{name("last")}</add>',
        f'<add sel="f:Patient/f:name[1]" pos="before">{name("first")}</add>',
        f'<add sel="f:Patient/f:name[1]" pos="after">{name("second")}</add>',
        '<add sel="f:Patient/f:gender" type="@id">g</add>',
        '<add sel="f:Patient/f:name[1]" pos="prepend"><use value="old"/></add>',
    )
    assert [one["family"] for one in now["name"]] == ["first", "second", "a", "b", "last"]
    assert now["_gender"] == {"id": "g"}
    assert now["name"][0]["use"] == "old"


def test_remove_takes_an_element_or_an_attribute() -> None:
    now = patched('<remove sel="f:Patient/f:name[1]"/>', '<remove sel="f:Patient/f:birthDate"/>')
    assert [name["family"] for name in now["name"]] == ["b"]
    assert "birthDate" not in now
    within = patched(
        '<remove xmlns:h="http://www.w3.org/1999/xhtml" sel="f:Patient/f:text/h:div/h:b"/>',
    )
    assert within["text"]["div"].endswith(">a  c</div>")


def test_what_is_not_touched_keeps_its_text_and_digits() -> None:
    now = patched('<replace sel="f:Patient/f:gender/@value">other</replace>')
    assert str(now["extension"][0]["valueDecimal"]) == "1.50"
    assert now == {**PATIENT, "gender": "other"}


def test_a_patch_that_changes_nothing_gives_back_the_resource_itself() -> None:
    change = read_xml_patch(document('<replace sel="f:Patient/f:gender/@value">female</replace>'))
    assert change(PATIENT) is PATIENT
    assert read_xml_patch(document())(PATIENT) is PATIENT


def test_the_root_and_its_operations_may_be_of_another_namespace() -> None:
    text = (
        '<p:patch xmlns:p="urn:ietf:rfc:7351" xmlns="http://hl7.org/fhir">'
        '<p:replace sel="Patient/gender/@value">male</p:replace></p:patch>'
    )
    assert read_xml_patch(text.encode())(PATIENT)["gender"] == "male"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"<diff>",
        b'<!DOCTYPE d [<!ENTITY a "b">]><diff/>',
        document("<append/>"),
        document('<remove sel=""/>'),
        document("<remove/>"),
        document('<remove sel="f:Patient//f:name"/>'),
        document('<remove sel="f:Patient/text()"/>'),
        document('<remove sel="f:Patient/f:name[last()]"/>'),
        document("<remove sel=\"id('a')\"/>"),
        document('<remove sel="x:Patient"/>'),
        document('<add sel="f:Patient/@id">x</add>'),
        document('<add sel="f:Patient" pos="inside"><gender value="male"/></add>'),
        document('<add sel="f:Patient">words</add>'),
        document('<add sel="f:Patient" type="namespace::x">y</add>'),
        document('<replace sel="f:Patient/f:gender/@value"><x/></replace>'),
    ],
)
def test_what_is_no_patch_is_refused(text: bytes) -> None:
    with pytest.raises(HubError) as refusal:
        read_xml_patch(text)
    assert refusal.value.category is Category.UNREADABLE


@pytest.mark.parametrize(
    "operation",
    [
        '<remove sel="f:Patient/f:name"/>',
        '<remove sel="f:Patient/f:photo"/>',
        '<remove sel="f:Patient/f:name[7]"/>',
        '<remove sel="f:Observation"/>',
        '<remove sel="f:Patient"/>',
        '<remove sel="f:Patient/f:gender/@url"/>',
        '<add sel="f:Patient"/>',
        '<add sel="f:Patient" pos="after"><Patient/></add>',
        '<add sel="f:Patient/f:gender" type="@value">male</add>',
        '<add sel="f:Patient"><flavour value="1"/></add>',
        '<add sel="f:Patient"><gender value="male"/></add>',
        '<replace sel="f:Patient/f:gender"/>',
        '<replace sel="f:Patient"><Patient/></replace>',
        '<replace sel="f:Patient"><Observation/></replace>',
        '<replace sel="f:Patient/f:id/@value">q</replace>',
    ],
)
def test_a_patch_that_does_not_fit_is_refused(operation: str) -> None:
    with pytest.raises(HubError) as refusal:
        patched(operation)
    assert refusal.value.category is Category.INVALID


def test_a_refusal_names_the_operation_and_repeats_no_value() -> None:
    with pytest.raises(HubError) as refusal:
        patched('<remove sel="f:Patient/f:gender"/>', "<remove sel=\"f:Patient/f:name[f:family/@value='Zhao']\"/>")
    assert refusal.value.where == "patch[1]"
    assert "Zhao" not in str(refusal.value)


def test_depth_and_number_are_bounded() -> None:
    step = "/f:x[1]"
    deep = [f'<add sel="f:Patient{step * number}"><x/></add>' for number in range(120)]
    for operations in (deep, ['<remove sel="f:Patient"/>'] * 501):
        with pytest.raises(HubError) as refusal:
            patched(*operations)
        assert refusal.value.category is Category.TOO_LARGE


_SELECTORS = st.sampled_from(
    ["f:Patient", "f:Patient/f:name", "f:Patient/f:name[1]", "f:Patient/*[2]", "f:Patient/f:gender/@value", "*", "/",
     "f:Patient/f:text", "f:Patient/f:id/@value", "f:Patient/f:name[1]/f:given[2]", "@x", "f:Patient[", "f:Patient/*"]
)  # fmt: skip
_CONTENTS = st.sampled_from(
    ["", "x", '<name><family value="q"/></name>', '<gender value="male"/>', "<a><b/></a>", "&#x1F;"]
)
_KINDS = st.sampled_from(["add", "replace", "remove", 'add pos="before"', 'add pos="prepend"', 'add type="@id"', "x"])


@given(st.lists(st.tuples(_KINDS, _SELECTORS, _CONTENTS), max_size=5))
def test_no_document_raises_anything_but_a_refusal(steps: list[tuple[str, str, str]]) -> None:
    operations = [f'<{kind} sel="{sel}">{content}</{kind.split()[0]}>' for kind, sel, content in steps]
    try:
        now: Any = patched(*operations)
    except HubError as refusal:
        assert refusal.category in (Category.UNREADABLE, Category.INVALID, Category.TOO_LARGE)
        return
    assert (now["resourceType"], now["id"]) == ("Patient", "p")


_EDITS = st.one_of(
    st.tuples(st.just("add"), st.text("abc", min_size=1, max_size=2)),
    st.tuples(st.just("before"), st.integers(1, 4), st.text("abc", min_size=1, max_size=2)),
    st.tuples(st.just("replace"), st.integers(1, 4), st.text("abc", min_size=1, max_size=2)),
    st.tuples(st.just("remove"), st.integers(1, 4)),
)


@given(st.lists(_EDITS, max_size=6))
def test_patches_in_sequence_are_the_edits_of_a_list(edits: list[tuple[Any, ...]]) -> None:
    wanted, operations = ["a", "b"], []
    for kind, *rest in edits:
        if kind == "add":
            wanted.append(rest[0])
            operations.append(f'<add sel="f:Patient"><name><family value="{rest[0]}"/></name></add>')
        elif rest[0] <= len(wanted):
            sel = f"f:Patient/f:name[{rest[0]}]"
            if kind == "before":
                wanted.insert(rest[0] - 1, rest[1])
                operations.append(f'<add sel="{sel}" pos="before"><name><family value="{rest[1]}"/></name></add>')
            elif kind == "replace":
                wanted[rest[0] - 1] = rest[1]
                operations.append(f'<replace sel="{sel}/f:family/@value">{rest[1]}</replace>')
            else:
                del wanted[rest[0] - 1]
                operations.append(f'<remove sel="{sel}"/>')
    now = patched(*operations, resource={**PATIENT, "name": [{"family": "a"}, {"family": "b"}]})
    assert [name["family"] for name in now.get("name", [])] == wanted
