"""Strings, uris, tokens, references, composites and `near`, with their modifiers, statement by statement.

R4 search.html 3.1.1.4.2 to 3.1.1.4.4 (Modifiers), 3.1.1.4.8 (string), 3.1.1.4.9 (uri), 3.1.1.4.10 (token),
3.1.1.4.12 (reference), 3.1.1.4.13 (composite), 3.1.1.4.15 (Handling Missing Data), 3.1.1.4.17 (Escaping);
location.html (near).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.store.conftest import Bench
from tests.store.spec import BASE, concept, found, matches, observation, patient

GENDER = "http://hl7.org/fhir/administrative-gender"


def named(rid: str, given: str) -> Json:
    return patient(rid, name=[{"given": [given]}])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("given=eve", "a b e"),
        ("given:contains=eve", "a b c e"),
        ("given:exact=Eve", "a"),
        ("given:exact=eve", "b"),
        ("given=eve,ste", "a b c e"),
        ("given=Éve", "a b e"),
    ],
)
def test_a_string_begins_with_the_text_whatever_case_and_accents(bench: Bench, query: str, expected: str) -> None:
    records = [named("a", "Eve"), named("b", "eve"), named("c", "Steven"), named("d", "John"), named("e", "Évelyn")]
    assert matches(bench, records, f"Patient?{query}") == expected


def value_set(rid: str, url: str) -> Json:
    return {"resourceType": "ValueSet", "id": rid, "status": "active", "url": url}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("url=http://acme.org/fhir/ValueSet/123", "a"),
        ("url:below=http://acme.org/fhir/", "a b"),
        ("url:below=http://acme.org/fhir/ValueSet", "a b"),
        ("url:above=http://acme.org/fhir/ValueSet/123/_history/5", "a"),
        ("url=urn:oid:1.2.3.4.5", "c"),
        ("url=http://acme.org/fhir", ""),
    ],
)
def test_a_uri_is_the_whole_text_and_its_path_has_levels(bench: Bench, query: str, expected: str) -> None:
    records = [
        value_set("a", "http://acme.org/fhir/ValueSet/123"),
        value_set("b", "http://acme.org/fhir/ValueSet/124"),
        value_set("c", "urn:oid:1.2.3.4.5"),
    ]
    assert matches(bench, records, f"ValueSet?{query}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("url=http://acme.org/v", "a b c"),
        ("url=http://acme.org/v|1.0", "a"),
        ("url=http://acme.org/v|2.0-RC", "b"),
        ("url=http://acme.org/v|3.0", ""),
        ("url=http://acme.org/v|1.0,http://acme.org/w", "a d"),
        ("url=http://acme.org/v|1.0,http://acme.org/v|2.0-RC", "a b"),
        ("url=http://acme.org/w|1.0", "d"),
        ("version=1.0", "a d"),
        ("version=2.0-rc", "b"),
        ("version:not=2.0-rc", "a c d"),
        ("version=urn:x|1.0", ""),
    ],
)
def test_a_canonical_url_may_name_its_version_and_a_version_has_no_case(
    bench: Bench, query: str, expected: str
) -> None:
    """3.1.1.4.9: `|version` is a search on the version; 3.1.1.4.10: of a string, the search is not case sensitive."""
    records = [
        {**value_set("a", "http://acme.org/v"), "version": "1.0"},
        {**value_set("b", "http://acme.org/v"), "version": "2.0-RC"},
        value_set("c", "http://acme.org/v"),
        {**value_set("d", "http://acme.org/w"), "version": "1.0"},
    ]
    assert matches(bench, records, f"ValueSet?{query}") == expected


def test_a_url_of_three_parts_is_refused(bench: Bench) -> None:
    for value in ("a|b|c", "|b", "a|"):
        with pytest.raises(HubError) as caught:
            found(bench, [], f"ValueSet?url={value}")
        assert caught.value.category is Category.INVALID


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("contenttype=text/xml", "a"),
        ("contenttype:below=text/xml", "a b"),
        ("contenttype:below=TEXT/XML", "a b"),
        ("contenttype:below=text", "a b c"),
        ("contenttype:below=application/pdf", "d"),
        ("contenttype:below=text/x", ""),
        ("contenttype:not=text/xml", "b c d"),
    ],
)
def test_a_media_type_is_below_its_base_part(bench: Bench, query: str, expected: str) -> None:
    """3.1.1.4.10.1, Searching Mime Types."""
    kinds = {"a": "text/xml", "b": "text/xml; charset=UTF-8", "c": "text/plain", "d": "application/pdf"}
    records = [
        {
            "resourceType": "DocumentReference",
            "id": rid,
            "status": "current",
            "content": [{"attachment": {"contentType": kind}}],
        }
        for rid, kind in kinds.items()
    ]
    assert matches(bench, records, f"DocumentReference?{query}") == expected


CODED = [
    observation("a", code=concept("urn:s|x")),
    observation("b", code=concept("urn:t|x")),
    observation("c", code=concept("x")),
    observation("d", code=concept("urn:s|y", text="Blood glucose")),
    observation("e", code={"text": "blood pressure"}),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code=x", "a b c"),
        ("code=urn:s|x", "a"),
        ("code=|x", "c"),
        ("code=urn:s|", "a d"),
        ("code:not=x", "d e"),
        ("code:not=urn:s|x", "b c d e"),
        ("code:text=blood", "d e"),
        ("code=urn:s|x,urn:t|x", "a b"),
        ("code:missing=true", ""),
        ("value-concept:missing=true", "a b c d e"),
    ],
)
def test_a_token_is_asked_by_code_by_system_or_by_both(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, CODED, f"Observation?{query}") == expected


def test_not_includes_what_has_no_value(bench: Bench) -> None:
    assert matches(bench, [patient("a", gender="male"), patient("b")], "Patient?gender:not=male") == "b"


def test_the_system_of_a_code_element_is_that_of_its_value_set(bench: Bench) -> None:
    assert matches(bench, [patient("a", gender="male")], f"Patient?gender={GENDER}|male") == "a"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("telecom=13800990001", "a c"),
        ("telecom=|13800990001", "a c"),
        ("telecom=phone|13800990001", "a"),
        ("telecom=email|li@example.org", "b"),
        ("telecom=phone|li@example.org", ""),
        ("telecom=phone|13800990001,email|li@example.org", "a b"),
        ("telecom:not=phone|13800990001", "b c"),
        ("phone=phone|13800990001", "a"),
        ("phone=email|13800990001", ""),
        ("phone=email|li@example.org", ""),
        ("email=email|li@example.org", "b"),
        ("active=true", "a"),
        ("active=http://hl7.org/fhir/special-values|true", "a"),
        ("active=http://terminology.hl7.org/CodeSystem/special-values|false", "b"),
        ("deceased=http://hl7.org/fhir/special-values|false", "a b c"),
        ("active=urn:x|true", ""),
    ],
)
def test_what_has_no_system_is_found_with_the_one_the_table_of_tokens_gives_it(
    bench: Bench, query: str, expected: str
) -> None:
    """R4 search.html 3.1.1.4.10: a ContactPoint is found as the server sees fit; booleans are special values."""
    records = [
        patient("a", active=True, telecom=[{"system": "phone", "value": "13800990001"}]),
        patient("b", active=False, telecom=[{"system": "email", "value": "li@example.org"}]),
        patient("c", telecom=[{"system": "fax", "value": "13800990001"}]),
    ]
    assert matches(bench, records, f"Patient?{query}") == expected


def test_an_identifier_is_found_by_its_type_and_value(bench: Bench) -> None:
    kind = concept("http://terminology.hl7.org/CodeSystem/v2-0203|MR")
    records = [
        patient("a", identifier=[{"type": kind, "value": "446053"}]),
        patient("b", identifier=[{"value": "446053"}]),
    ]
    query = "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|446053"
    assert matches(bench, records, f"Patient?{query}") == "a"
    assert matches(bench, records, f"Patient?{query.replace('of-type', 'ofType')}") == "a"


def refers(rid: str, **subject: Any) -> Json:
    return observation(rid, subject=subject)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subject=Patient/23", "a"),
        ("subject=23", "a c"),
        ("subject:Patient=23", "a"),
        (f"subject={BASE}/Patient/23", "a"),
        ("subject=http://other.example/fhir/Patient/23", "b"),
        ("subject:identifier=http://acme.org/mrn|123456", "d"),
        ("subject:text=the ward", "e"),
        ("subject:text=ward", ""),
        ("subject:missing=true", "f"),
        ("subject:missing=false&status=final", "a b c d e g"),
        ("subject=%23p", ""),
        ("subject=p", ""),
        ("subject:text=%23p", ""),
    ],
)
def test_a_reference_is_an_id_a_typed_id_or_a_url(bench: Bench, query: str, expected: str) -> None:
    records = [
        refers("a", reference="Patient/23"),
        refers("b", reference="http://other.example/fhir/Patient/23"),
        refers("c", reference="Group/23"),
        refers("d", identifier={"system": "http://acme.org/mrn", "value": "123456"}),
        refers("e", display="The Ward"),
        observation("f"),
        refers("g", reference="#p"),
    ]
    assert matches(bench, records, f"Observation?{query}") == expected


def test_the_display_of_a_reference_to_something_about_a_patient_is_not_searched(bench: Bench) -> None:
    """It is left out where that is hidden, so nothing may be found by it (docs/explanation/identity-and-consent.md)."""
    records = [refers("a", reference="Patient/23", display="Wang")]
    assert matches(bench, records, "Observation?subject:text=wang") == ""


def answers(rid: str, questionnaire: str) -> Json:
    return {"resourceType": "QuestionnaireResponse", "id": rid, "status": "completed", "questionnaire": questionnaire}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("questionnaire=http://x.org/q", "a b c"),
        ("questionnaire=http://x.org/q|1.0", "b"),
        ("questionnaire:below=http://x.org/q|1", "b c"),
        ("questionnaire:below=http://x.org/q|1.0", "b"),
        ("questionnaire:below=http://x.org/q", "a b c"),
    ],
)
def test_a_canonical_is_asked_with_or_without_its_version(bench: Bench, query: str, expected: str) -> None:
    records = [
        answers("a", "http://x.org/q"),
        answers("b", "http://x.org/q|1.0"),
        answers("c", "http://x.org/q|1.2"),
        answers("d", "http://x.org/other|1.0"),
    ]
    assert matches(bench, records, f"QuestionnaireResponse?{query}") == expected


def place(rid: str, part_of: str | None = None, **elements: Any) -> Json:
    part = {"partOf": {"reference": f"Location/{part_of}"}} if part_of else {}
    return {"resourceType": "Location", "id": rid, "status": "active", **part, **elements}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Procedure?location:below=house", "in-house in-room"),
        ("Procedure?location:above=room", "in-house in-room"),
        ("Procedure?location:above=Location/house", "in-house"),
        ("Location?partof:below=house", "bed room ward"),
        ("Location?partof:above=bed", "bed room ward"),
        ("Location?partof=house", "ward"),
    ],
)
def test_above_and_below_follow_a_hierarchy_of_resources(bench: Bench, query: str, expected: str) -> None:
    def procedure(rid: str, location: str) -> Json:
        subject = {"reference": "Patient/p"}
        where = {"reference": f"Location/{location}"}
        return {"resourceType": "Procedure", "id": rid, "status": "completed", "subject": subject, "location": where}

    places = [place("house"), place("ward", "house"), place("room", "ward"), place("bed", "room")]
    records = [*places, procedure("in-house", "house"), procedure("in-room", "room")]
    assert matches(bench, records, query) == expected


def test_a_hierarchy_that_goes_in_a_circle_ends(bench: Bench) -> None:
    assert matches(bench, [place("a", "b"), place("b", "a")], "Location?partof:below=a") == "a b"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code-value-concept=loinc|1-8$urn:s|high", "a"),
        ("code-value-concept=1-8$high", "a b"),
        ("code-value-quantity=loinc|2-2$gt5", "c"),
        ("code-value-quantity=loinc|2-2$lt5", ""),
        ("combo-code-value-quantity=loinc|3-3$lt5", "d"),
        ("combo-code-value-quantity=loinc|3-3$gt5", ""),
        ("code-value-concept:missing=false", "a b"),
    ],
)
def test_parts_of_a_composite_are_found_together_or_not_at_all(bench: Bench, query: str, expected: str) -> None:
    records = [
        observation("a", code=concept("loinc|1-8"), valueCodeableConcept=concept("urn:s|high")),
        observation("b", code=concept("loinc|1-8"), valueCodeableConcept=concept("urn:t|high")),
        observation("c", code=concept("loinc|2-2"), valueQuantity={"value": 7}),
        observation(
            "d",
            code=concept("loinc|2-2"),
            component=[
                {"code": concept("loinc|3-3"), "valueQuantity": {"value": 1}},
                {"code": concept("loinc|4-4"), "valueQuantity": {"value": 9}},
            ],
        ),
    ]
    assert matches(bench, records, f"Observation?{query}") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x$lt345$gt123", "a b"),
        ("x$gt150$lt350", "a"),
        ("x$200$300", "a"),
        ("x$200$100", ""),
        ("y$200$300", ""),
        ("x$200$ge900", "b"),
        ("x$200$300,x$200$900", "a b"),
    ],
)
def test_a_composite_of_two_numbers_holds_of_one_variant(bench: Bench, value: str, expected: str) -> None:
    def sequence(rid: str, *ends: tuple[int, int]) -> Json:
        return {
            "resourceType": "MolecularSequence",
            "id": rid,
            "coordinateSystem": 0,
            "referenceSeq": {"chromosome": concept("x")},
            "variant": [{"start": start, "end": end} for start, end in ends],
        }

    records = [sequence("a", (200, 300), (100, 100)), sequence("b", (200, 900), (100, 300))]
    assert matches(bench, records, f"MolecularSequence?chromosome-variant-coordinate={value}") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("30.2500|120.1600|1|km", "a"),
        ("30.2500|120.1600|2000|m", "a b"),
        ("30.2500|120.1600|1.1|[mi_i]", "a b"),
        ("30.2500|120.1600", "a b"),
        ("0|180|5|km", "c d"),
        ("89.9999|0|50|km", "e"),
        ("30.2500|120.1600|1|km,0|180|5|km", "a c d"),
    ],
)
def test_near_is_a_circle_on_the_earth(bench: Bench, value: str, expected: str) -> None:
    def there(rid: str, latitude: str, longitude: str) -> Json:
        return place(rid, position={"latitude": Decimal(latitude), "longitude": Decimal(longitude)})

    records = [
        there("a", "30.25", "120.16"),
        there("b", "30.265", "120.16"),
        there("c", "0", "179.99"),
        there("d", "0", "-179.99"),
        there("e", "89.8", "180"),
        place("nowhere"),
    ]
    assert matches(bench, records, f"Location?near={value}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a\\,b", "comma"),
        ("a\\|b", "bar"),
        ("a\\\\b", "slash"),
        ("a,b", ""),
    ],
)
def test_separators_in_a_value_are_escaped(bench: Bench, query: str, expected: str) -> None:
    values = {"comma": "a,b", "bar": "a|b", "slash": "a\\b"}
    records = [patient(rid, identifier=[{"value": value}]) for rid, value in values.items()]
    assert matches(bench, records, f"Patient?identifier={query}") == expected


@pytest.mark.parametrize("query", ["gender:above=male", "name:near=x", "birthdate:contains=1", "gender:contains=m"])
def test_a_modifier_a_type_does_not_have_is_refused(bench: Bench, query: str) -> None:
    with pytest.raises(HubError) as caught:
        found(bench, [], f"Patient?{query}")
    assert caught.value.category in {Category.UNSUPPORTED, Category.INVALID}
