"""The invariants of R4 (conformance-rules.html#constraints): all are held, and fast rules say what FHIRPath says."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.fhir.fhirpath.engine import compile_expression
from hub.fhir.fhirpath.nodes import Node, root
from hub.fhir.invariant_table import ELSEWHERE, PARTLY, RULES
from hub.fhir.invariants import Invariant, by_fhirpath, invariants_of
from hub.fhir.scope import Scope, scope_of
from hub.fhir.structure import RESOURCE_TYPES, TYPES
from hub.fhir.table import read_table
from hub.kernel.types import Json
from scripts.fhir_tables import Definitions
from tests.fhir.elements import elements_for

TABLE: Final = read_table("invariants")
HELD: Final = {(row.type, row.key): row for name in TYPES for row in invariants_of(name)}
WARNINGS: Final = {(row.type, row.key): row for name in TYPES for row in invariants_of(name, "warning")}

#: Rules that say something else than the expression, and what.
OTHERWISE: Final = {
    "dom-2": "asked of the contained resource, so that the fault stands there",
    "dom-3": "any text that begins with # counts, wherever it stands",
    "dom-4": "asked of the contained resource, so that the fault stands there",
    "dom-5": "asked of the contained resource, so that the fault stands there",
    "que-7": "the expression names a type FHIR has not",
    "txt-1": "the expression is htmlChecks() for both halves of it",
    "txt-2": "the expression is htmlChecks() for both halves of it",
}

SOME: Final = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def _path(row: Invariant) -> tuple[str, str]:
    return (f"{row.type}.{row.element}" if row.element else row.type), row.key


def test_every_invariant_of_r4_is_held_or_named_with_a_reason() -> None:
    stated = {row[0] for rows in TABLE.values() for row in rows if row[1] == "error"}
    assert stated - {key for _, key in HELD} == set(ELSEWHERE)
    assert len(stated) > 190
    assert {row[0] for rows in TABLE.values() for row in rows if row[1] == "warning"} >= {key for _, key in WARNINGS}


def test_every_rule_in_python_is_of_an_invariant_of_the_table() -> None:
    assert set(RULES) <= {(path, row[0]) for path, rows in TABLE.items() for row in rows}


SHAPES: Final = [row for row in (*HELD.values(), *WARNINGS.values()) if _path(row) not in RULES]
BY_HAND: Final = [row for row in HELD.values() if _path(row) in RULES and row.key not in OTHERWISE]


@pytest.mark.parametrize("row", SHAPES, ids=lambda row: f"{row.type}-{row.key}")
@SOME
@given(data=st.data())
def test_a_compiled_shape_says_what_the_expression_says(row: Invariant, data: st.DataObject) -> None:
    kind, scope, value = drawn(row, data)
    assert row.holds(value, scope) == by_fhirpath(kind, row.element, row.expression)(value, scope)


@pytest.mark.parametrize("row", BY_HAND, ids=lambda row: f"{row.type}-{row.key}")
@SOME
@given(data=st.data())
def test_a_rule_in_python_says_what_the_expression_says(row: Invariant, data: st.DataObject) -> None:
    kind, scope, value = drawn(row, data)
    node = Node(value, kind, owner=root(scope.resource)) if value is not scope.resource else root(value)
    focus = node.child(row.element) if row.element else [node]
    expression = compile_expression(row.expression)
    answers = [expression.evaluate(scope.resource, item) for item in focus]
    if all(answers) or row.key not in PARTLY:
        assert row.holds(value, scope) == all(answer == [True] for answer in answers)


def drawn(row: Invariant, data: st.DataObject) -> tuple[str, Scope, Json]:
    """A type that has the invariant, the scope of an element of it, and the element."""
    kind = "Patient" if row.type in ("DomainResource", "MetadataResource") else row.type
    value = data.draw(elements_for(kind, row.expression))
    return kind, scope_of(value) if kind in RESOURCE_TYPES else Scope({"resourceType": "Basic"}), value


ORGANIZATIONS: Final = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3)
REFERENCES: Final = st.lists(st.sampled_from(["#a", "#b", "#c", "Organization/x", "#"]), max_size=3)


@given(ORGANIZATIONS, REFERENCES, st.booleans())
def test_a_contained_resource_is_used_when_the_expression_says_so(
    ids: list[str], references: list[str], back: bool
) -> None:
    inside = {"partOf": {"reference": "#"}} if back else {}
    resource: Json = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Organization", "id": rid, "name": "x", **inside} for rid in ids],
        "generalPractitioner": [{"reference": text} for text in references],
    }
    row = HELD["DomainResource", "dom-3"]
    assert row.holds(resource, scope_of(resource)) == by_fhirpath("Patient", "", row.expression)(
        resource, scope_of(resource)
    )


@pytest.mark.parametrize("key", ["dom-2", "dom-4", "dom-5"])
@pytest.mark.parametrize(
    "extra", [{}, {"meta": {"versionId": "1"}}, {"meta": {"security": [{"code": "R"}]}}, {"contained": [{}]}]
)
def test_a_contained_resource_is_bare_when_the_expression_says_so_of_its_container(key: str, extra: Json) -> None:
    inner: Json = {"resourceType": "Organization", "id": "a", "name": "x", **extra}
    outer: Json = {"resourceType": "Patient", "contained": [inner]}
    row = HELD["DomainResource", key]
    of_container = by_fhirpath("Patient", "", row.expression)(outer, scope_of(outer))
    assert row.holds(inner, Scope(outer, {"a": "Organization"}, inner)) == of_container


@pytest.mark.parametrize(("text", "holds"), [("exists", True), ("=", True)])
def test_existence_is_asked_by_a_boolean(text: str, holds: bool) -> None:
    row = HELD["Questionnaire.item.enableWhen", "que-7"]
    assert row.holds({"question": "q", "operator": text, "answerBoolean": True}, Scope({})) is holds
    assert row.holds({"question": "q", "operator": text, "answerInteger": 1}, Scope({})) is (text == "=")


def test_the_invariants_of_the_table_are_those_of_the_definitions(definitions: Definitions) -> None:
    stated = {
        (element["path"], row["key"])
        for name in ("profiles-types.json", "profiles-resources.json")
        for definition in definitions.resources(name, "StructureDefinition")
        if definition["fhirVersion"] == "4.0.1" and definition.get("derivation") != "constraint"
        for element in definition["snapshot"]["element"]
        for row in element.get("constraint", ())
    }
    listed = {(path, row[0]) for path, rows in TABLE.items() for row in rows}
    assert listed <= stated
    assert {key for _, key in stated} == {key for _, key in listed}
