"""Paths, functions on collections and the tree: https://hl7.org/fhirpath/N1 sections 3, 5.1 to 5.4, 5.8, 7."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhir.fhirpath.ask import OBSERVATION, ask


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("name.given", ["Min", "Hua", "Xiao"]),
        ("Patient.name.family", ["Bai"]),
        ("DomainResource.id", ["p"]),
        ("Observation.id", []),
        ("name[1].use", ["usual"]),
        ("name[7]", []),
        ("name[0].given[1]", ["Hua"]),
        ("name.where(use = 'usual').given", ["Xiao"]),
        ("name.select(given.first() | family)", ["Min", "Bai", "Xiao"]),
        ("name.given.first()", ["Min"]),
        ("name.given.last()", ["Xiao"]),
        ("name.given.tail()", ["Hua", "Xiao"]),
        ("name.given.skip(1).take(1)", ["Hua"]),
        ("name.family.single()", ["Bai"]),
        ("name.given.count()", [3]),
        ("name.exists(use = 'old')", [False]),
        ("name.all(given.exists())", [True]),
        ("photo.empty()", [True]),
        ("photo.all(url.exists())", [True]),
        ("photo.exists()", [False]),
        ("telecom.where($index = 1).value", ["2"]),
        ("telecom.rank.aggregate($this + $total, 0)", [3]),
        ("(1 | 2 | 2 | 1).count()", [2]),
        ("(1).combine(1).count()", [2]),
        ("(1 | 2 | 3).intersect(3 | 1)", [1, 3]),
        ("(1 | 2 | 3).exclude(2)", [1, 3]),
        ("(1).combine(1).isDistinct()", [False]),
        ("(1).combine(1).distinct()", [1]),
        ("(1 | 2).subsetOf(1 | 2 | 3)", [True]),
        ("(1 | 2).supersetOf(1 | 2 | 3)", [False]),
        ("(true | false).allTrue()", [False]),
        ("(true | false).anyTrue()", [True]),
        ("(false).allFalse()", [True]),
        ("(true).anyFalse()", [False]),
        ("iif(active, 'yes', 1 / {} )", ["yes"]),
        ("name.children().count()", [6]),
        ("name.given.children()", ["g"]),
        ("name.trace('names').count()", [2]),
    ],
)
def test_a_path_answers_the_elements_it_leads_to(expression: str, answer: list[Any]) -> None:
    assert ask(expression) == answer


def test_descendants_are_every_element_below() -> None:
    assert ask("descendants().where($this is Coding).code", OBSERVATION) == ["29463-7"]
    assert ask("descendants().ofType(HumanName).family", OBSERVATION) == ["Li"]


def test_repeat_follows_until_there_is_nothing_new() -> None:
    items = {"linkId": "1", "item": [{"linkId": "2", "item": [{"linkId": "3"}]}]}
    resource = {"resourceType": "QuestionnaireResponse", "item": [items]}
    assert ask("repeat(item).linkId", resource) == ["1", "2", "3"]
    assert ask("(1).repeat($this)") == [1]


def test_the_variables_of_an_expression_are_the_resource_around_the_focus_and_what_is_given() -> None:
    assert ask("%resource.id", OBSERVATION) == ["o"]
    assert ask("contained.name.where(%resource.id = 'o').family", OBSERVATION) == ["Li"]
    assert ask("%rootResource.id | %context.status", OBSERVATION) == ["o", "final"]
    assert ask("%ucum") == ["http://unitsofmeasure.org"]
    assert ask("%`vs-name`") == ["http://hl7.org/fhir/ValueSet/name"]
    assert ask("%mine + 1", mine=1) == [2]
