"""Types, choice elements and FHIR's own functions: https://hl7.org/fhir/R4/fhirpath.html, N1 section 6.3."""

from __future__ import annotations

from typing import Any

import pytest

from hub.fhir.fhirpath.context import Environment
from hub.fhir.fhirpath.engine import compile_expression
from hub.fhir.fhirpath.nodes import Node, root
from hub.kernel.errors import Category, HubError
from tests.fhir.fhirpath.ask import OBSERVATION, PATIENT, ask


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("value is Quantity", [True]),
        ("value is string", [False]),
        ("(value as Quantity).unit", ["kg"]),
        ("Observation.value.ofType(Quantity).code", ["kg"]),
        ("value.as(string)", []),
        ("value.is(FHIR.Quantity)", [True]),
        ("component.value.ofType(integer)", [3]),
        ("component.value", ["x", 3]),
        ("valueQuantity", []),
        ("effective is dateTime", [True]),
        ("status is code", [True]),
        ("status is string", [True]),
        ("code is Element", [True]),
        ("code is BackboneElement", [False]),
        ("1 is Integer", [True]),
        ("1 is System.Decimal", [False]),
        ("status is System.String", [False]),
        ("subject.resolve() is Patient", [True]),
        ("subject.resolve().name.family", ["Li"]),
        ("performer.resolve()", []),
    ],
)
def test_a_choice_element_is_asked_for_by_its_plain_name_and_knows_its_type(expression: str, answer: list[Any]) -> None:
    assert ask(expression, OBSERVATION) == answer


def test_what_stands_beside_a_primitive_belongs_to_it() -> None:
    assert ask("birthDate.extension('http://x.test/time').value") == ["1974-12-25T14:35:45+08:00"]
    assert ask("birthDate.extension('http://x.test/other')") == []
    assert ask("birthDate.hasValue()") == [True]
    only_beside = {"resourceType": "Patient", "_birthDate": {"extension": [{"url": "u", "valueString": "?"}]}}
    assert ask("birthDate.hasValue()", only_beside) == [False]
    assert ask("birthDate.exists()", only_beside) == [True]
    assert ask("name.hasValue()") == [False]


def test_references_to_elsewhere_are_resolved_by_whoever_asks() -> None:
    outside = Environment(resolve=lambda text: {"resourceType": "Organization", "id": text.partition("/")[2]})
    assert ask("performer.resolve().id", OBSERVATION, outside) == ["F01"]
    assert ask("performer.where(resolve() is Organization).reference", OBSERVATION, outside) == ["Organization/F01"]


def test_value_sets_and_narratives_are_judged_by_whoever_asks() -> None:
    asked: list[tuple[Any, str, str]] = []

    def member(value: Any, rtype: str, url: str) -> bool | None:
        asked.append((value, rtype, url))
        return None if url == "unknown" else True

    outside = Environment(member_of=member, html=lambda text: "script" not in text)
    assert ask("status.memberOf('http://x.test/vs')", OBSERVATION, outside) == [True]
    assert asked == [("final", "code", "http://x.test/vs")]
    assert ask("status.memberOf('unknown')", OBSERVATION, outside) == []
    narrative = root({"status": "empty", "div": "<div><script/></div>"}, "Narrative")
    assert compile_expression("htmlChecks()").evaluate(narrative, narrative.child("div")[0], environment=outside) == [
        False
    ]
    with pytest.raises(HubError) as refusal:
        ask("status.memberOf('http://x.test/vs')", OBSERVATION)
    assert refusal.value.category is Category.UNSUPPORTED


def test_a_node_tells_where_it_stands() -> None:
    found = compile_expression("component[1].value").evaluate(OBSERVATION)[0]
    assert isinstance(found, Node)
    assert (found.key, found.index, found.element, found.type) == ("valueInteger", None, "value", "integer")
    assert found.owner is not None
    assert (found.owner.key, found.owner.index) == ("component", 1)


def test_the_focus_of_an_invariant_is_an_element_inside_the_resource() -> None:
    name = root(PATIENT).child("name")[0]
    assert compile_expression("family.exists() and %resource.active").holds(PATIENT, name)
    assert not compile_expression("{}").holds(PATIENT, name)


@pytest.mark.parametrize(
    ("key", "expression", "resource", "fulfilled"),
    [
        ("obs-6", "dataAbsentReason.empty() or value.empty()", OBSERVATION, True),
        ("ele-1", "hasValue() or (children().count() > id.count())", OBSERVATION, True),
        (
            "dom-3",
            "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical)"
            " | %resource.descendants().as(uri) | %resource.descendants().as(url))) or"
            " descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists()"
            ").not()).trace('unmatched', id).empty()",
            OBSERVATION,
            True,
        ),
        (
            "bdl-7",
            "entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()",
            {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:a"}, {"fullUrl": "urn:a"}]},
            False,
        ),
    ],
)
def test_invariants_of_r4_are_answered(key: str, expression: str, resource: Any, fulfilled: bool) -> None:
    assert compile_expression(expression).holds(resource) is fulfilled, key


def test_dom_3_finds_what_nobody_refers_to() -> None:
    expression = "contained.where(('#'+id in %resource.descendants().reference).not()).empty()"
    assert not compile_expression(expression).holds({**OBSERVATION, "subject": {"reference": "Patient/1"}})
