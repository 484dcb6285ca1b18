"""Characters XML 1.0 cannot carry (section 2.2) and narratives that are no XML: told, and not lost."""

from __future__ import annotations

import base64

import pytest

from hub.fhir.json import canonical
from hub.fhir.xml import read_xml, write_xml
from hub.fhir.xml.characters import ORIGINAL

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'


@pytest.mark.parametrize("text", ["\u0001", "a\u000bb", "\u001f", "x\ufffey\uffff", "\ufffd\u0008"])
def test_a_character_xml_cannot_carry_shows_as_replaced_and_comes_back(text: str) -> None:
    resource = {"resourceType": "Patient", "name": [{"family": text, "given": [text, "b"]}]}
    written = write_xml(resource).decode()
    assert "\ufffd" in written
    assert "?" not in written.partition("?>")[2]
    assert written.count(ORIGINAL) == 2
    assert canonical(read_xml(written.encode())) == canonical(resource)


def test_what_stood_beside_the_value_stays_there() -> None:
    beside = {"id": "i", "extension": [{"url": "urn:x", "valueCode": "c"}]}
    resource = {"resourceType": "Patient", "gender": "\u0001", "_gender": beside}
    assert read_xml(write_xml(resource)) == resource


@pytest.mark.parametrize("text", ["a\tb", "a\r\nb", " a ", "\u007f\u0085", "𠮷<>&\"'", "\ufffd"])
def test_every_other_character_is_carried_as_it_is(text: str) -> None:
    resource = {"resourceType": "Patient", "gender": text}
    written = write_xml(resource)
    assert ORIGINAL.encode() not in written
    assert read_xml(written) == resource


@pytest.mark.parametrize("original", ["other", "a\u0000", "\ufffd", "not base64!", ""])
def test_an_extension_that_does_not_fit_its_value_is_left_as_it_is(original: str) -> None:
    kept = original if "!" in original else base64.b64encode(original.encode()).decode()
    extension = {"url": ORIGINAL, "valueBase64Binary": kept}
    resource = {"resourceType": "Patient", "gender": "a\ufffd", "_gender": {"extension": [extension]}}
    assert read_xml(write_xml(resource)) == resource


def test_ids_urls_and_narratives_show_the_replacement_only() -> None:
    resource = {
        "resourceType": "Patient",
        "text": {"status": "generated", "div": f"{DIV}a\u0001b</div>"},
        "extension": [{"url": "urn:\u0001", "valueCode": "c"}],
    }
    back = read_xml(write_xml(resource))
    assert back["text"]["div"] == f"{DIV}a\ufffdb</div>"
    assert back["extension"][0]["url"] == "urn:\ufffd"


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("<div>a</div>", f"{DIV}a</div>"),
        (f"{DIV}a<br />b</div>", f"{DIV}a<br/>b</div>"),
        (f"{DIV}a<br>b</div>", f"{DIV}a<br/>b</div>"),
        (f"{DIV}a&nbsp;b</div>", f"{DIV}a\u00a0b</div>"),
        (f"{DIV}a&#1;b</div>", f"{DIV}a\ufffdb</div>"),
        (f"{DIV}<p>a<p>沈</div>", f"{DIV}<p>a</p><p>沈</p></div>"),
        (f"{DIV}<o:p>a</o:p></div>", f"{DIV}<p>a</p></div>"),
        ("<div>a</div>b<div>c</div>", f"{DIV}&lt;div&gt;a&lt;/div&gt;b&lt;div&gt;c&lt;/div&gt;</div>"),
        ('<!DOCTYPE x [<!ENTITY e "f">]><div>&e;</div>', f"{DIV}&amp;e;</div>"),
    ],
)  # fmt: skip
def test_a_narrative_that_is_no_xml_is_told_as_browsers_read_it(stored: str, told: str) -> None:
    resource = {"resourceType": "Patient", "text": {"status": "generated", "div": stored}}
    assert read_xml(write_xml(resource))["text"]["div"] == told


@pytest.mark.parametrize(
    "stored", [f"{DIV}{'<b>' * 3000}x{'</b>' * 3000}</div>", f"{DIV}{'<b>' * 200}x{'</b>' * 200}</div>"]
)
def test_a_deep_narrative_keeps_its_words(stored: str) -> None:
    resource = {"resourceType": "Patient", "text": {"status": "generated", "div": stored}}
    assert "x" in read_xml(write_xml(resource))["text"]["div"]


def test_white_space_of_a_narrative_is_never_changed_by_the_pretty_form() -> None:
    div = f"{DIV}<p><b>a</b><i>b</i></p>\n <p> c </p></div>"
    resource = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}
    assert read_xml(write_xml(resource, pretty=True)) == resource
