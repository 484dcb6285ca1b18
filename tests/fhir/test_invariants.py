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
HELD: Final = {(row.type, row.key): row for name in sorted(TYPES) for row in invariants_of(name)}
WARNINGS: Final = {(row.type, row.key): row for name in sorted(TYPES) for row in invariants_of(name, "warning")}

#: Rules that say something else than the expression, and what.
OTHERWISE: Final = {
    "dom-2": "asked of the contained resource, so that the fault stands there",
    "dom-3": "any text that begins with # counts, wherever it stands",
    "dom-4": "asked of the contained resource, so that the fault stands there",
    "dom-5": "asked of the contained resource, so that the fault stands there",
    "ig-1": "what has extensions and no value is left out",
    "ig-2": "what has extensions and no value is left out",
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


KINDS: Final = st.sampled_from([{}, {"kind": "logical"}, {"kind": "resource"}])
TYPES_TOLD: Final = st.sampled_from([{}, {"type": "Patient"}, {"type": "Pat"}])
PATHS: Final = st.lists(st.sampled_from(["Patient", "Patient.name", "Pat", "Patient.", "Other.x"]), min_size=1)


@given(KINDS, TYPES_TOLD, PATHS, st.sampled_from([("snapshot", "sdf-8"), ("differential", "sdf-8a")]))
def test_paths_begin_with_the_type_when_the_expression_says_so(
    kind: Json, told: Json, paths: list[str], invariant: tuple[str, str]
) -> None:
    part, key = invariant
    value: Json = {"element": [{"path": path} for path in paths]}
    scope = Scope({"resourceType": "StructureDefinition", **kind, **told, part: value})
    row = HELD[f"StructureDefinition.{part}", key]
    assert row.holds(value, scope) == by_fhirpath(row.type, "", row.expression)(value, scope)


NAMES: Final = st.lists(st.sampled_from("abc"), max_size=3, unique=True)


@given(NAMES, NAMES)
def test_parts_of_a_guide_are_those_it_lists_when_the_expression_says_so(listed: list[str], used: list[str]) -> None:
    resources = [{"groupingId": name, "fhirVersion": used} for name in used] or [{"name": "x"}]
    definition: Json = {"grouping": [{"id": name} for name in listed], "resource": resources}
    guide: Json = {"resourceType": "ImplementationGuide", "fhirVersion": listed, "definition": definition}
    for path, key, value in (
        ("ImplementationGuide.definition", "ig-1", definition),
        ("ImplementationGuide", "ig-2", guide),
    ):
        row = HELD[path, key]
        assert row.holds(value, Scope(guide)) == by_fhirpath(path, "", row.expression)(value, Scope(guide))


@pytest.mark.parametrize("count", [300, 30_000])
def test_large_definitions_are_judged_in_time_that_grows_with_them(count: int) -> None:
    paths = ["Patient", *(f"Patient.x{number}" for number in range(count))]
    value: Json = {"element": [{"path": path} for path in paths]}
    scope = Scope({"resourceType": "StructureDefinition", "kind": "resource", "type": "Patient", "snapshot": value})
    groups = {"grouping": [{"id": path} for path in paths], "resource": [{"groupingId": path} for path in paths]}
    assert HELD["StructureDefinition.snapshot", "sdf-8"].holds(value, scope)
    assert HELD["ImplementationGuide.definition", "ig-1"].holds(groups, Scope({}))


@pytest.mark.parametrize("text", ["exists", "="])
def test_existence_is_asked_by_a_boolean(text: str) -> None:
    row = HELD["Questionnaire.item.enableWhen", "que-7"]
    assert row.holds({"question": "q", "operator": text, "answerBoolean": True}, Scope({}))
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
