"""References: listing, rewriting, reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.references import Target, parse_reference, references, relative, rewrite
from hub.kernel.types import Json

URN = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
BASE = "https://hub.example.org/fhir"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Patient/p1", Target("Patient", "p1", None)),
        ("Patient/p1/_history/2", Target("Patient", "p1", "2")),
        (BASE + "/Patient/p1", Target("Patient", "p1", None)),
        ("https://other.example.org/fhir/Patient/p1", None),
        ("Letter/1", None),
        ("Patient/", None),
        ("Patient/p 1", None),
        ("Patient/" + "x" * 65, None),
        ("Patient/p1/_history/" + "2" * 64, Target("Patient", "p1", "2" * 64)),
        ("Patient/p1/_history/" + "2" * 200, None),
        ("Patient?identifier=a|b", None),
        ("#p1", None),
        (URN, None),
        ("", None),
    ],
)
def test_only_references_to_this_server_have_a_target(text: str, target: Target | None) -> None:
    assert parse_reference(text, BASE) == target


@pytest.mark.parametrize(
    ("text", "here"),
    [
        (BASE + "/Patient/p1", "Patient/p1"),
        (BASE + "/Patient/p1/_history/2", "Patient/p1/_history/2"),
        (BASE + "/Patient?identifier=a|b", None),
        (BASE + "evil/Patient/p1", None),
        ("https://other.example.org/fhir/Patient/p1", None),
        ("Patient/p1", None),
        ("/Patient/p1", None),
        ("", None),
    ],
)
def test_only_an_absolute_reference_to_this_server_has_a_relative_form(text: str, here: str | None) -> None:
    assert relative(text, BASE) == relative(text, BASE + "/") == here


@given(st.text())
def test_no_text_makes_reading_a_reference_raise(text: str) -> None:
    parse_reference(text, BASE)


def resource() -> Json:
    return {
        "resourceType": "Composition",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": URN},
        "text": {"status": "generated", "div": f'<div><a href="{URN}">x</a></div>'},
        "contained": [{"resourceType": "Patient", "managingOrganization": {"reference": URN}}],
        "subject": {"reference": "#p"},
        "author": [{"reference": URN}, {"display": "no reference"}],
        "extension": [{"url": "http://e", "valueUri": URN}, {"url": "http://e", "valueString": "urn:x"}],
        "instantiatesUri": [URN, "urn:oid:1.2.3"],
        "instantiatesCanonical": [URN],
        "note": [{"text": f"[x]({URN}) and {URN}"}, {"text": URN}],
    }


def test_every_reference_is_listed_in_document_order() -> None:
    assert list(references(resource())) == [URN, "#p", URN]


def test_rewriting_changes_references_uris_and_links_but_no_identifier() -> None:
    changed = resource()
    rewrite(changed, {URN: "Patient/p1"}.get)
    assert list(references(changed)) == ["Patient/p1", "#p", "Patient/p1"]
    assert changed["extension"][0]["valueUri"] == "Patient/p1"
    assert changed["extension"][1]["valueString"] == "urn:x"
    assert changed["instantiatesUri"] == ["Patient/p1", "urn:oid:1.2.3"]
    assert 'href="Patient/p1"' in changed["text"]["div"]
    assert changed["identifier"]["value"] == URN
    assert changed["instantiatesCanonical"] == [URN]
    assert [note["text"] for note in changed["note"]] == [f"[x](Patient/p1) and {URN}", URN]


def test_rewriting_with_nothing_to_say_changes_nothing() -> None:
    changed = resource()
    rewrite(changed, lambda _: None)
    assert changed == resource()
