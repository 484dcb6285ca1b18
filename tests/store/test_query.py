"""What is asked for is understood, or refused by name; nothing is ignored."""

from __future__ import annotations

import pytest

from hub.fhir.query_text import split, unescape
from hub.fhir.search_parameters import answered
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Tokens
from hub.store.query import parse_query
from hub.store.tokens import param_number, system_and_code


@pytest.mark.parametrize(
    ("rtype", "name", "value"),
    [
        ("Patient", "colour", "red"),
        ("Patient", "_content", "(bone OR liver) and metastases"),
        ("Patient", "_text", "bone AND liver"),
        ("Patient", "_filter", "x"),
        ("Patient", "_maxresults", "5"),
        ("Patient", "_score", "true"),
        ("Patient", "_list", "$current-everything"),
        ("Patient", "_list:missing", "true"),
        ("Patient", "_list:not", "x"),
        ("QuestionnaireResponse", "questionnaire:Patient.name", "x"),
        ("QuestionnaireResponse", "questionnaire.colour", "x"),
        ("Observation", "focus.code", "x"),
        ("Observation", "patient.colour", "x"),
        ("Organization", "$compartment", "Patient/x"),
        ("Observation", "performer:Organization.$compartment", "Patient/x"),
        ("Patient", "_sort", "_tag"),
        ("Patient", "_sort", "_score"),
        ("Patient", "_sort", "_text"),
        ("Location", "_sort", "near"),
        ("Observation", "_sort", "code-value-date"),
        ("Patient", "_sort", "colour"),
        ("Patient", "_contained", "true"),
        ("Patient", "_contained", "both"),
        ("Patient", "_containedType", "contained"),
        ("Patient", "_include", "Patient:colour"),
        ("Patient", "_revinclude", "Observation"),
        (None, "name", "x"),
    ],
)
def test_what_is_not_supported_is_refused_and_with_leniency_listed(rtype: str | None, name: str, value: str) -> None:
    with pytest.raises(HubError) as caught:
        parse_query(rtype, [(name, value)])
    assert caught.value.category is Category.UNSUPPORTED
    assert caught.value.where
    assert parse_query(rtype, [(name, value)], lenient=True).ignored == (name,)


@pytest.mark.parametrize(
    ("rtype", "name", "value"),
    [
        ("Patient", "_text:exact", "x"),
        ("Patient", "_content:contains", "x"),
        ("Patient", "_query", "x"),
        ("Location", "near:below", "1|2"),
        ("Patient", "name:phonetic", "x"),
        ("Patient", "_id:in", "x"),
        ("Patient", "organization:in", "x"),
        ("Patient", "general-practitioner:below", "Practitioner/x"),
        ("QuestionnaireResponse", "questionnaire:above", "http://x.example/q|1"),
        ("Patient", "birthdate:exact", "2000"),
        ("Observation", "subject:Nobody", "x"),
        ("Observation", "subject:Nobody.name", "x"),
        ("Observation", "code:of-type", "a|b|c"),
        ("Patient", "_include:all", "Patient:organization"),
    ],
)
def test_a_modifier_or_a_query_that_is_not_known_is_refused_however_leniently_it_is_asked(
    rtype: str, name: str, value: str
) -> None:
    """R4 search.html 3.1.1.4.4: "Server SHALL reject any search request ..."; 3.1.1.7: "SHALL refuse to process"."""
    for lenient in (False, True):
        with pytest.raises(HubError) as caught:
            parse_query(rtype, [(name, value)], lenient=lenient)
        assert (caught.value.category, bool(caught.value.where)) == (Category.UNSUPPORTED, True)


@pytest.mark.parametrize(
    ("rtype", "name", "value"),
    [
        ("Patient", "birthdate", "soon"),
        ("Patient", "birthdate", "xx2000"),
        ("Patient", "name", ""),
        ("Patient", "name", "a,"),
        ("Patient", "name", "a\0b"),
        ("Patient", "name", "a\ud800b"),
        ("Patient", "name", "a\\b"),
        ("Patient", "identifier", "a|b|c"),
        ("Patient", "identifier", "|"),
        ("Patient", "gender:missing", "perhaps"),
        ("Patient", "identifier:of-type", "a|b"),
        ("Observation", "value-quantity", "much"),
        ("Observation", "value-quantity", "5|mg"),
        ("Observation", "code-value-quantity", "x"),
        ("Observation", "code.text", "x"),
        ("Observation", "subject:Patient", "Group/1"),
        ("Patient", "_has:Observation:encounter:code", "x"),
        ("Patient", "_has:Observation:code", "x"),
        ("Patient", "gender:below", "male"),
        ("Patient", "_id:missing", "perhaps"),
        ("Patient", "_list", "Patient/1"),
        ("Patient", "_content", "!?"),
        ("Location", "near", "here"),
        ("Location", "near", "1"),
        ("Location", "near", "91|0"),
        ("Location", "near", "1|2|3|parsec"),
        ("MolecularSequence", "chromosome-variant-coordinate", "1$2"),
        ("Patient", "_count", "many"),
        ("Patient", "_count", "-1"),
        ("Patient", "_total", "roughly"),
        ("Patient", "_sort", ""),
        ("Patient", "_sort", "family,,birthdate"),
    ],
)
def test_a_value_of_the_wrong_shape_is_invalid_even_with_leniency(rtype: str, name: str, value: str) -> None:
    with pytest.raises(HubError) as caught:
        parse_query(rtype, [(name, value)], lenient=True)
    assert caught.value.category is Category.INVALID
    assert caught.value.where


@pytest.mark.parametrize("query", ["?_type=Potion", "?_type=Potion&name=x", "?_type=", "?_type=Patient&_type=Potion"])
def test_what_is_no_type_is_refused_also_leniently_and_names_type(query: str) -> None:
    """Left out, the search would be one over all types."""
    params = [(name, value) for name, _, value in (part.partition("=") for part in query[1:].split("&"))]
    for lenient in (False, True):
        with pytest.raises(HubError) as caught:
            parse_query(None, params, lenient=lenient)
        assert (caught.value.category, caught.value.where) == (Category.INVALID, "_type")
        assert "Patient" in caught.value.todo


def test_full_text_that_is_not_kept_is_refused() -> None:
    for name in ("_text", "_content", "_content:missing"):
        with pytest.raises(HubError) as caught:
            parse_query("Patient", [(name, "true")], full_text=False)
        assert (caught.value.category, caught.value.where) == (Category.UNSUPPORTED, name)
    assert "_text" not in answered("Patient", full_text=False)
    assert "_text" in answered("Patient")


def test_an_error_names_the_parameter_but_not_the_value() -> None:
    with pytest.raises(HubError) as caught:
        parse_query("Patient", [("birthdate", "secret")])
    assert "birthdate" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_chain_too_deep_is_refused() -> None:
    with pytest.raises(HubError) as caught:
        parse_query("Organization", [("partof." * 9 + "name", "x")])
    assert caught.value.category is Category.TOO_LARGE


@pytest.mark.parametrize(
    ("name", "culprit"),
    [("encounter.subject.foo", "foo"), ("encounter.foo.name", "foo"), ("encounter.subject:Patient.link.foo", "foo")],
)
def test_a_chain_names_the_step_that_no_type_has(name: str, culprit: str) -> None:
    with pytest.raises(HubError) as caught:
        parse_query("Observation", [(name, "x")])
    assert (caught.value.where, caught.value.code) == (culprit, "unknown-parameter")


def test_a_step_that_none_of_several_types_has_is_told_of_all_of_them() -> None:
    with pytest.raises(HubError) as caught:
        parse_query("Observation", [("subject.foo", "x")])
    assert {"Group,", "Device,", "Patient", "Location"} <= set(caught.value.what.split())


@pytest.mark.parametrize(
    ("rtype", "name", "most"),
    [
        ("Patient", "_has:Observation:patient:code", 64),
        ("Observation", "patient.name", 64),
        ("Patient", "_has:Observation:patient:encounter.service-provider.name", 16),
    ],
)
def test_a_search_has_so_many_chains_for_the_database_plans_more_of_them_ever_slower(
    rtype: str, name: str, most: int
) -> None:
    asked = [(name, f"v{number}") for number in range(most + 1)]
    assert parse_query(rtype, asked[:most]).clauses
    with pytest.raises(HubError) as caught:
        parse_query(rtype, asked)
    assert (caught.value.category, caught.value.code) == (Category.TOO_LARGE, "too-costly")


def test_a_search_over_several_types_asks_so_many_criteria_of_all_together() -> None:
    types, one = ("_type", "Observation,Condition,Procedure,Encounter"), ("identifier", "x")
    assert parse_query(None, [types, *[one] * 250]).clauses
    with pytest.raises(HubError) as caught:
        parse_query(None, [types, *[one] * 251])
    assert (caught.value.where, caught.value.code) == ("identifier", "too-costly")


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a,b", ["a", "b"]), ("a\\,b,c", ["a\\,b", "c"]), ("a\\\\,b", ["a\\\\", "b"]), ("", [""]), (",", ["", ""])],
)
def test_only_unescaped_separators_part_values(text: str, parts: list[str]) -> None:
    assert split(text, ",") == parts


@pytest.mark.parametrize(("text", "plain"), [("a\\,b", "a,b"), ("\\$\\|\\\\", "$|\\"), ("plain", "plain")])
def test_escapes_are_resolved(text: str, plain: str) -> None:
    assert unescape(text) == plain


def test_escaped_separators_belong_to_the_token() -> None:
    query = parse_query("Patient", [("identifier", "urn:a\\|b|x\\,y")])
    (clause,) = query.clauses
    assert isinstance(clause, Tokens)
    assert clause.hashes.value == [system_and_code(param_number("Patient", "identifier"), "urn:a|b", "x,y")]


def test_two_queries_of_one_shape_are_equal_whatever_their_values() -> None:
    asked = [
        [("name", name), ("birthdate", f"ge{year}"), ("_sort", "-birthdate")] for name, year in (("a", 1), ("b", 2))
    ]
    one, other = (parse_query("Patient", [(n, v.replace("ge", "ge200")) for n, v in params]) for params in asked)
    assert one == other
    assert hash(one) == hash(other)
    assert one != parse_query("Patient", [("name:exact", "a"), ("birthdate", "ge2001"), ("_sort", "-birthdate")])


def test_result_parameters_are_kept_apart_from_criteria() -> None:
    query = parse_query(
        "Patient",
        [("_count", "7"), ("_total", "accurate"), ("_summary", "count"), ("_elements", "id,name"), ("_format", "json")],
    )
    assert (query.count, query.total, query.summary) == (7, "accurate", "count")
    assert query.clauses == ()


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(HubError) as caught:
        parse_query("Potion", [])
    assert caught.value.category is Category.UNSUPPORTED
