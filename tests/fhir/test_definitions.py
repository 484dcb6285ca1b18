"""What may be defined as a search parameter of an installation's own (R4 searchparameter.html, search.html 3.1.1.4)."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.custom import Defined, custom
from hub.fhir.definitions import read_definition
from hub.fhir.extract import extract
from hub.fhir.index_values import IndexValues
from hub.fhir.search_parameters import RESOURCE_TYPES, parameters
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

OWN: Json = {
    "resourceType": "SearchParameter",
    "url": "http://example.org/own",
    "code": "own",
    "type": "token",
    "base": ["Patient", "Person"],
    "expression": "Patient.gender | Person.gender",
}

PARTS = st.sampled_from(
    [
        *("Patient", "name", "given", "link", "other", "display", "contained", "extension('u')", "value", "contact"),
        *("where(use='x')", "where()", "where(resolve() is Patient)", "ofType(string)", "as(Reference)", "exists()"),
        *("first()", "[0]", "%resource", "(", ")", "|", "and", "=", "'x'", "!=", "as", "Person", "gender", "resolve()"),
    ]
)


def test_it_is_one_parameter_for_each_base_with_the_alternatives_about_it() -> None:
    found = read_definition(OWN)
    assert [(one.base, one.expression, one.url) for one in found] == [
        ("Patient", "Patient.gender", OWN["url"]),
        ("Person", "Person.gender", OWN["url"]),
    ]


def test_a_reference_without_targets_may_point_to_anything_and_others_have_none() -> None:
    reference = OWN | {"type": "reference", "base": ["Patient"], "expression": "Patient.managingOrganization"}
    assert set(read_definition(reference)[0].targets) == RESOURCE_TYPES
    assert read_definition(reference | {"target": ["Organization"]})[0].targets == ("Organization",)
    assert read_definition(OWN | {"target": ["Organization"]})[0].targets == ()


@pytest.mark.parametrize("rtype", ["Patient", "Observation", "Encounter"])
def test_nothing_that_r4_defines_is_overridden(rtype: str) -> None:
    for code in parameters(rtype):
        with pytest.raises(HubError) as refused:
            read_definition(OWN | {"code": code, "base": [rtype], "expression": f"{rtype}.id"})
        assert refused.value.where == "SearchParameter.code"


@given(st.lists(PARTS, min_size=1, max_size=8), st.sampled_from([".", " ", ""]))
def test_any_expression_is_taken_or_refused_as_invalid(parts: list[str], between: str) -> None:
    definition = OWN | {"base": ["Patient"], "type": "string", "expression": between.join(parts)}
    try:
        found = read_definition(definition)
    except HubError as refusal:
        assert refusal.category is Category.INVALID
        return
    values = IndexValues()
    defined = Defined(parameter=found[0], number=7, ready=True)
    custom(1, [defined]).add("Patient", {"resourceType": "Patient", "name": [{"given": ["x"]}]}, values)
    assert {name for names, _ in values.strings for name in names} <= {"own.7"}


@given(st.text(max_size=30))
def test_any_text_is_taken_or_refused_as_invalid(text: str) -> None:
    with contextlib.suppress(HubError):
        read_definition(OWN | {"expression": text})


def test_values_stand_apart_from_those_of_r4() -> None:
    resource = {"resourceType": "Patient", "gender": "female"}
    values = extract(resource)
    before = len(values.tokens)
    (defined,) = [Defined(parameter=read_definition(OWN)[0], number=3, ready=False)]
    custom(1, [defined]).add("Patient", resource, values)
    assert [token[0] for token in values.tokens[before:]] == [("own.3",)]


@pytest.mark.parametrize(("done", "total", "percent"), [(0, None, 0), (0, 0, 0), (1, 3, 30), (3, 3, 90), (9, 3, 90)])
def test_how_far_it_is_is_told_in_steps_of_ten_percent_and_never_as_complete(
    done: int, total: int | None, percent: int
) -> None:
    found = Defined(parameter=read_definition(OWN)[0], number=1, ready=False, done=done, total=total)
    assert found.percent == percent
