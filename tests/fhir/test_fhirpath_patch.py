"""FHIRPath Patch: add, insert, delete, replace, move (https://hl7.org/fhir/R4/fhirpatch.html)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.fhirpath.errors import too_much
from hub.fhir.patch.fhirpath_patch import read_fhirpath_patch
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.api.test_patch import operation, parameters

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p",
    "birthDate": "1958-04-12",
    "name": [{"family": "a", "given": ["x", "y"], "_given": [None, {"id": "g"}]}, {"family": "b"}],
    "deceasedBoolean": False,
    "contact": [{"name": {"text": "c"}}],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "n"}],
}


def patched(*operations: Json, resource: Json = PATIENT) -> Json:
    return read_fhirpath_patch(parameters(*operations))(deepcopy(resource))


def test_add_appends_to_a_list_and_sets_what_does_not_repeat() -> None:
    now = patched(
        operation("add", "Patient", name="name", valueHumanName={"family": "c"}),
        operation("add", "Patient", name="gender", valueCode="female"),
        operation("add", "Patient", name="telecom", valueContactPoint={"value": "1"}),
        operation("add", "Patient.name.first()", name="given", valueString="z"),
        operation("add", "Patient.contained.where(id = 'o')", name="alias", valueString="m"),
    )
    assert [name.get("family") for name in now["name"]] == ["a", "b", "c"]
    assert (now["gender"], now["telecom"]) == ("female", [{"value": "1"}])
    assert (now["name"][0]["given"], now["name"][0]["_given"]) == (["x", "y", "z"], [None, {"id": "g"}, None])
    assert now["contained"][0]["alias"] == ["m"]


def test_add_does_not_overwrite() -> None:
    refused(operation("add", "Patient", name="birthDate", valueDate="1959"))
    refused(operation("add", "Patient", name="deceased", valueDateTime="2020"))


def test_add_extends_a_primitive() -> None:
    told = {"url": "u", "valueString": "v"}
    # `value[x]` of Parameters has no Extension, so it is given in parts.
    parts = [{"name": "url", "valueUri": "u"}, {"name": "value", "valueString": "v"}]
    now = patched(operation("add", "Patient.birthDate", name="extension", part=parts))
    assert (now["birthDate"], now["_birthDate"]) == ("1958-04-12", {"extension": [told]})
    again = patched(operation("add", "Patient.name[0].given[0]", name="extension", part=parts))
    assert again["name"][0]["_given"] == [{"extension": [told]}, {"id": "g"}]


def test_a_value_without_a_type_of_its_own_is_given_in_parts() -> None:
    parts = [
        {"name": "name", "valueHumanName": {"text": "d"}},
        {"name": "telecom", "valueContactPoint": {"value": "1"}},
        {"name": "telecom", "valueContactPoint": {"value": "2"}},
        {"name": "gender", "valueCode": "male"},
    ]
    now = patched(operation("add", "Patient", name="contact", part=parts))
    assert now["contact"][1] == {
        "name": {"text": "d"},
        "telecom": [{"value": "1"}, {"value": "2"}],
        "gender": "male",
    }
    refused(operation("add", "Patient", name="contact", part=[parts[0], parts[0]]))
    refused(operation("add", "Patient", name="contact", part=[{"name": "flavour", "valueString": "x"}]))
    nested = [{"name": "status", "valueCode": "generated"}, {"name": "div", "valueString": "<div>x</div>"}]
    assert patched(operation("add", "Patient", name="text", part=nested))["text"]["div"] == "<div>x</div>"


def test_insert_puts_before_the_element_at_the_index() -> None:
    def inserted(index: int) -> list[Any]:
        given_name = {"valueHumanName": {"family": "new"}}
        return [
            one["family"] for one in patched(operation("insert", "Patient.name", index=index, **given_name))["name"]
        ]

    assert [inserted(index) for index in range(3)] == [["new", "a", "b"], ["a", "new", "b"], ["a", "b", "new"]]
    refused(operation("insert", "Patient.name", index=3, valueHumanName={"family": "new"}))
    now = patched(operation("insert", "Patient.photo", index=0, valueAttachment={"title": "t"}))
    assert now["photo"] == [{"title": "t"}]
    refused(operation("insert", "Patient.gender", index=0, valueCode="male"))
    refused(operation("insert", "Patient.name.first()", index=0, valueHumanName={"family": "new"}))


def test_delete_takes_one_element_and_does_not_mind_none() -> None:
    assert "birthDate" not in patched(operation("delete", "Patient.birthDate"))
    assert patched(operation("delete", "Patient.name[0]"))["name"] == [{"family": "b"}]
    assert patched(operation("delete", "Patient.photo")) == PATIENT
    assert "deceasedBoolean" not in patched(operation("delete", "Patient.deceased"))
    first = patched(operation("delete", "Patient.name[0].given[0]"))["name"][0]
    assert (first["given"], first["_given"]) == (["y"], [{"id": "g"}])
    second = patched(operation("delete", "Patient.name[0].given[1]"))["name"][0]
    assert (second["given"], "_given" in second) == (["x"], False)
    assert "contact" not in patched(operation("delete", "Patient.contact[0].name"))
    refused(operation("delete", "Patient.name"))
    refused(operation("delete", "Patient"))
    refused(operation("delete", "Patient.name.count()"))


def test_replace_puts_a_value_in_the_place_of_one_element() -> None:
    assert patched(operation("replace", "Patient.birthDate", valueDate="1960"))["birthDate"] == "1960"
    now = patched(operation("replace", "Patient.deceased", valueDateTime="2020"))
    assert ("deceasedBoolean" in now, now["deceasedDateTime"]) == (False, "2020")
    now = patched(operation("replace", "Patient.name[0].given[1]", valueString="new"))
    assert (now["name"][0]["given"], "_given" in now["name"][0]) == (["x", "new"], False)
    refused(operation("replace", "Patient.gender", valueCode="male"))
    refused(operation("replace", "Patient.birthDate", valueString="1960"))
    refused(operation("replace", "Patient.name", valueHumanName={}))
    refused(operation("replace", "Patient", resource=PATIENT))


def test_move_changes_the_order_of_a_list() -> None:
    assert [n["family"] for n in patched(operation("move", "Patient.name", source=1, destination=0))["name"]] == [
        "b",
        "a",
    ]
    first = patched(operation("move", "Patient.name[0].given", source=0, destination=1))["name"][0]
    assert (first["given"], first["_given"]) == (["y", "x"], [{"id": "g"}, None])
    refused(operation("move", "Patient.name", source=2, destination=0))
    refused(operation("move", "Patient.name", source=0, destination=2))
    refused(operation("move", "Patient.gender", source=0, destination=0))


def test_operations_see_what_the_ones_before_them_left() -> None:
    now = patched(
        operation("add", "Patient", name="name", valueHumanName={"family": "c"}),
        operation("add", "Patient.name.where(family = 'c')", name="given", valueString="z"),
        operation("delete", "Patient.name.where(family = 'a')"),
    )
    assert now["name"] == [{"family": "b"}, {"family": "c", "given": ["z"]}]


def test_a_patch_may_be_applied_again() -> None:
    change = read_fhirpath_patch(
        parameters(
            operation("add", "Patient", name="name", valueHumanName={"family": "c"}),
            operation("add", "Patient.name.where(family = 'c')", name="given", valueString="z"),
        )
    )
    assert change(deepcopy(PATIENT)) == change(deepcopy(PATIENT))


def refused(*operations: Json) -> HubError:
    with pytest.raises(HubError) as refusal:
        patched(*operations)
    assert refusal.value.category is Category.INVALID
    assert "Parameters.parameter[0]" in refusal.value.where
    return refusal.value


def test_a_refusal_names_the_operation_and_repeats_no_value() -> None:
    error = refused(operation("add", "Patient.name.where(family = 'Zhao')", name="given", valueString="secret"))
    assert "Zhao" not in str(error)
    assert "secret" not in str(error)
    assert refused(operation("delete", "Patient.name.where(")).where == "Parameters.parameter[0].part(path)"


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"resourceType": "Patient"},
        {"resourceType": "Parameters", "parameter": {}},
        {"resourceType": "Parameters", "parameter": [{"name": "other"}]},
        {"resourceType": "Parameters", "parameter": ["x"]},
        parameters({"name": "operation", "part": [{"name": "type", "valueCode": "copy"}]}),
        parameters({"name": "operation", "part": [{"name": "type", "valueCode": "delete"}]}),
        parameters({"name": "operation", "part": [{"name": "type", "valueCode": 1}]}),
        parameters({"name": "operation", "part": {"name": "type"}}),
        parameters({"name": "operation", "part": ["type"]}),
        parameters(operation("delete", "Patient.name", valueString="x")),
        parameters(operation("insert", "Patient.name", index=-1, valueString="x")),
        parameters(operation("add", "Patient", name="gender", valueCode="a", valueString="b")),
        parameters(operation("add", "Patient", name="gender", valueUnheard="a")),
        parameters({"name": "operation", "part": operation("delete", "Patient.name")["part"] * 2}),
    ],
)
def test_parameters_that_are_no_patch_are_refused(document: Any) -> None:
    with pytest.raises(HubError) as refusal:
        read_fhirpath_patch(document)
    assert refusal.value.category is Category.UNREADABLE


def test_work_and_size_are_bounded() -> None:
    heavy = "Patient.descendants().select(%resource.descendants()).select(%resource.descendants()).first()"
    wide = {**PATIENT, "name": [{"given": ["x"] * 30}] * 30}
    with pytest.raises(HubError) as refusal:
        patched(operation("delete", heavy), resource=wide)
    assert refusal.value.category is too_much("").category
    with pytest.raises(HubError) as refusal:
        patched(*[operation("delete", "Patient.photo")] * 501)
    assert refusal.value.category is Category.TOO_LARGE


_PATHS = st.sampled_from(
    ["Patient", "Patient.name", "Patient.name[0]", "Patient.name.given", "Patient.name[0].given[1]", "Patient.deceased",
     "Patient.birthDate", "Patient.contact", "Patient.contained[0]", "Patient.name.family", "descendants()", "1", "id",
     "Patient.text", "Patient.meta.tag", "resourceType", "Patient.extension('u')", "(", "name.where(", "$this"]
)  # fmt: skip
_VALUES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"valueString": "x"}, {"valueHumanName": {"family": "z"}}, {"valueCode": "c"}, {"valueBoolean": True}, {},
     {"resource": {"resourceType": "Patient"}}, {"part": [{"name": "name", "valueHumanName": {"text": "t"}}]},
     {"valueDateTime": "2020", "_valueDateTime": {"id": "i"}}, {"_valueString": {"id": "i"}}, {"valueMeta": None}]
)  # fmt: skip
_NAMES = st.sampled_from(["name", "given", "deceased", "deceased[x]", "extension", "contact", "contained", "id", "?"])
_NUMBERS = st.integers(0, 3)


@st.composite
def hostile(draw: st.DrawFn) -> Json:
    kind = draw(st.sampled_from(["add", "insert", "delete", "replace", "move", "other"]))
    parts: dict[str, Any] = {}
    if kind == "add":
        parts["name"] = draw(_NAMES)
    if kind in ("add", "insert", "replace"):
        parts |= draw(_VALUES)
    if kind == "insert":
        parts["index"] = draw(_NUMBERS)
    if kind == "move":
        parts |= {"source": draw(_NUMBERS), "destination": draw(_NUMBERS)}
    return operation(kind, draw(_PATHS), **parts)


@given(st.lists(hostile(), min_size=1, max_size=5))
def test_no_patch_raises_anything_but_a_refusal(operations: list[Json]) -> None:
    try:
        now = patched(*operations)
    except HubError:
        return
    assert (now["resourceType"], now["id"]) == ("Patient", "p")


def _names(families: list[str]) -> Json:
    return {"resourceType": "Patient", "id": "p", "name": [{"family": family} for family in families]}


_STEPS = st.one_of(
    st.tuples(st.just("add"), st.text("abc", min_size=1, max_size=2)),
    st.tuples(st.just("insert"), st.integers(0, 4), st.text("abc", min_size=1, max_size=2)),
    st.tuples(st.just("delete"), st.integers(0, 4)),
    st.tuples(st.just("replace"), st.integers(0, 4), st.text("abc", min_size=1, max_size=2)),
    st.tuples(st.just("move"), st.integers(0, 4), st.integers(0, 4)),
)


@given(st.lists(st.text("abc", min_size=1, max_size=2), max_size=4), st.lists(_STEPS, max_size=6))
def test_patches_in_sequence_are_the_edits_of_a_list(families: list[str], steps: list[tuple[Any, ...]]) -> None:
    wanted, operations = list(families), []
    for step in steps:
        kind, *rest = step
        if kind == "add":
            wanted.append(rest[0])
            operations.append(operation("add", "Patient", name="name", valueHumanName={"family": rest[0]}))
        elif kind == "insert" and rest[0] <= len(wanted):
            wanted.insert(rest[0], rest[1])
            value = {"valueHumanName": {"family": rest[1]}}
            operations.append(operation("insert", "Patient.name", index=rest[0], **value))
        elif kind == "delete":
            del wanted[rest[0] : rest[0] + 1]
            operations.append(operation("delete", f"Patient.name[{rest[0]}]"))
        elif kind == "replace" and rest[0] < len(wanted):
            wanted[rest[0]] = rest[1]
            operations.append(operation("replace", f"Patient.name[{rest[0]}].family", valueString=rest[1]))
        elif kind == "move" and max(rest) < len(wanted):
            wanted.insert(rest[1], wanted.pop(rest[0]))
            operations.append(operation("move", "Patient.name", source=rest[0], destination=rest[1]))
    now = patched(*operations, resource=_names(families))
    assert [name["family"] for name in now.get("name", [])] == wanted
