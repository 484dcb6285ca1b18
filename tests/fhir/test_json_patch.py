"""JSON Patch on resources: RFC 6902 section 4, RFC 6901; against a slow oracle, and hostile documents."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.json import dumps, loads
from hub.fhir.patch.json_patch import read_json_patch
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

PATIENT: Json = {"resourceType": "Patient", "id": "p", "name": [{"family": "a"}, {"family": "b"}], "active": True}


def patched(*operations: Json, resource: Json = PATIENT) -> Json:
    return read_json_patch(list(operations))(deepcopy(resource))


@pytest.mark.parametrize(
    ("operation", "families"),
    [
        ({"op": "add", "path": "/name/0", "value": {"family": "c"}}, ["c", "a", "b"]),
        ({"op": "add", "path": "/name/-", "value": {"family": "c"}}, ["a", "b", "c"]),
        ({"op": "remove", "path": "/name/0"}, ["b"]),
        ({"op": "replace", "path": "/name/1/family", "value": "c"}, ["a", "c"]),
        ({"op": "move", "from": "/name/0", "path": "/name/1"}, ["b", "a"]),
        ({"op": "copy", "from": "/name/0", "path": "/name/-"}, ["a", "b", "a"]),
        ({"op": "test", "path": "/active", "value": True}, ["a", "b"]),
    ],
)
def test_each_operation_does_what_its_section_says(operation: Json, families: list[str]) -> None:
    assert [name["family"] for name in patched(operation)["name"]] == families


@pytest.mark.parametrize("value", [1, "true", None, [True], False])
def test_a_test_compares_types_too(value: Any) -> None:
    with pytest.raises(HubError) as refusal:
        patched({"op": "test", "path": "/active", "value": value})
    assert refusal.value.code == "patch-test"


def test_numbers_keep_their_digits_and_are_compared_by_value() -> None:
    resource = loads(b'{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.50}}')
    document = loads(b'[{"op":"test","path":"/valueQuantity/value","value":1.5},'
                     b'{"op":"add","path":"/referenceRange","value":[{"low":{"value":1.00}}]}]')  # fmt: skip
    now = read_json_patch(document)(resource)
    assert b'"value":1.50' in dumps(now)
    assert b'"value":1.00' in dumps(now)
    assert now["valueQuantity"]["value"] == Decimal("1.5")


def test_what_becomes_empty_goes_since_fhir_has_no_empty_lists_and_objects() -> None:
    assert "name" not in patched({"op": "remove", "path": "/name/0"}, {"op": "remove", "path": "/name/0"})


def test_what_stands_beside_a_primitive_keeps_its_place() -> None:
    name = {"given": ["x", "y"], "_given": [{"id": "1"}, {"id": "2"}]}
    resource = {**PATIENT, "name": [name]}
    now = patched({"op": "remove", "path": "/name/0/_given/0/id"}, resource=resource)
    assert now["name"][0]["_given"] == [None, {"id": "2"}]
    now = patched(*[{"op": "remove", "path": f"/name/0/_given/{index}/id"} for index in (0, 1)], resource=resource)
    assert now["name"][0] == {"given": ["x", "y"]}


def test_a_patch_does_not_share_its_values_with_the_resource() -> None:
    change = read_json_patch(
        [
            {"op": "add", "path": "/contact", "value": [{"name": {"text": "x"}}]},
            {"op": "add", "path": "/contact/0/gender", "value": "male"},
            {"op": "copy", "from": "/contact/0", "path": "/contact/-"},
            {"op": "replace", "path": "/contact/1/gender", "value": "female"},
        ]
    )
    first, second = change(deepcopy(PATIENT)), change(deepcopy(PATIENT))
    assert first == second
    assert [contact["gender"] for contact in first["contact"]] == ["male", "female"]


def test_a_refusal_names_the_operation_and_repeats_no_value() -> None:
    with pytest.raises(HubError) as refusal:
        patched({"op": "test", "path": "/active", "value": True}, {"op": "remove", "path": "/Zhao"})
    assert refusal.value.where == "patch[1]"
    assert "Zhao" not in str(refusal.value)


_POINTERS = st.sampled_from(
    ["", "/name", "/name/0", "/name/1", "/name/-", "/name/00", "/name/-1", "/name/0/family", "/active", "/active/x",
     "/x", "/x/y", "/", "/~0~1", "/id", "/resourceType", "/name/999999999999999999999"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=5,
)
_HOSTILE = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "append"]) | _VALUES,
            "path": _POINTERS | _VALUES,
        },
        optional={"value": _VALUES, "from": _POINTERS | _VALUES},
    ),
    max_size=6,
)


@given(_HOSTILE | _VALUES)
def test_no_document_raises_anything_but_a_refusal(document: Any) -> None:
    try:
        now = read_json_patch(document)(deepcopy(PATIENT))
    except HubError as refusal:
        assert refusal.category in (Category.UNREADABLE, Category.INVALID, Category.TOO_LARGE)
        return
    assert (now["resourceType"], now["id"]) == ("Patient", "p")
    loads(dumps(now))


def oracle(document: Any, operation: Json) -> Any:
    """RFC 6902 said in the simplest words, on a copy."""
    document = deepcopy(document)
    kind, path = operation["op"], operation["path"]
    if kind in ("move", "copy"):
        value = deepcopy(_get(document, operation["from"]))
        if kind == "move":
            document = oracle(document, {"op": "remove", "path": operation["from"]})
        return oracle(document, {"op": "add", "path": path, "value": value})
    owner, last = _get(document, path.rpartition("/")[0]), path.rpartition("/")[2]
    if isinstance(owner, list):
        index = len(owner) if last == "-" else int(last)
        if kind == "add":
            assert index <= len(owner)
            owner.insert(index, operation["value"])
        elif kind == "remove":
            del owner[index]
        else:
            owner[index] = operation["value"]
    elif kind == "remove":
        del owner[last]
    else:
        assert kind == "add" or last in owner
        owner[last] = operation["value"]
    return document


def _get(document: Any, path: str) -> Any:
    for part in path.split("/")[1:]:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


_PLACES = st.sampled_from(["/name/0", "/name/1", "/name/0/family", "/name/0/given", "/active", "/contact", "/gender"])
_EDITS = st.one_of(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace"]), "path": _PLACES, "value": st.text("ab", min_size=1)}
    ),
    st.fixed_dictionaries({"op": st.just("remove"), "path": _PLACES}),
    st.fixed_dictionaries({"op": st.sampled_from(["copy", "move"]), "from": _PLACES, "path": _PLACES}).filter(
        lambda one: not one["path"].startswith(one["from"])
    ),
)


@given(st.lists(_EDITS, max_size=6))
def test_patches_in_sequence_are_what_a_slow_oracle_makes(edits: list[Json]) -> None:
    wanted: Any = PATIENT
    try:
        for edit in edits:
            wanted = oracle(wanted, edit)
    except (LookupError, AssertionError, TypeError, ValueError, AttributeError):
        with pytest.raises(HubError):
            patched(*edits)
        return
    assert patched(*edits) == _without_empty(wanted)


def _without_empty(value: Any) -> Any:
    before = None
    while value != before:
        before = value
        value = {name: item for name, item in value.items() if item not in ({}, [])}
        value["name"] = [item for item in value.get("name", []) if item not in ({}, [])]
    return {name: item for name, item in value.items() if item not in ({}, [])}
