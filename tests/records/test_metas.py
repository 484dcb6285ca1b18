"""Sets of meta joined and taken apart (R4 resource-operation-meta-add.html, -delete.html); laws of sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.metas import retagging

CODINGS = st.builds(
    lambda system, code, display: {"system": system, "code": code, "display": display},
    st.sampled_from(["urn:a", "urn:b"]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["x", "y"]),
)
SETS = st.fixed_dictionaries(
    {}, optional={"tag": st.lists(CODINGS, max_size=4), "profile": st.lists(st.sampled_from("pqr"), max_size=3)}
)


def names(resource: Json) -> set[object]:
    meta = resource.get("meta", {})
    return {(one["system"], one["code"]) for one in meta.get("tag", [])} | set(meta.get("profile", []))


@given(meta=SETS, more=SETS)
def test_adding_joins_sets_and_keeps_what_stood(meta: Json, more: Json) -> None:
    resource: Json = {"resourceType": "Observation", "meta": {**meta, "versionId": "4"}, "status": "final"}
    made = retagging(more, adds=True)(resource)
    assert names(made) == names(resource) | names({"meta": more})
    assert made["meta"].get("tag", [])[: len(meta.get("tag", []))] == meta.get("tag", [])
    assert (made["meta"]["versionId"], made["status"]) == ("4", "final")
    assert retagging(more, adds=True)(made) == made


@given(meta=SETS, less=SETS)
def test_taking_away_leaves_the_rest(meta: Json, less: Json) -> None:
    made = retagging(less, adds=False)({"resourceType": "Observation", "meta": meta})
    assert names(made) == names({"meta": meta}) - names({"meta": less})
    assert [] not in made["meta"].values()


def test_other_elements_of_the_meta_play_no_part() -> None:
    resource: Json = {"resourceType": "Observation", "meta": {"versionId": "4"}}
    assert retagging({"versionId": "9", "source": "urn:x"}, adds=True)(resource) == resource


def test_security_labels_are_added_and_not_taken_away() -> None:
    label = {"system": "urn:a", "code": "R"}
    made = retagging({"security": [label]}, adds=True)({"resourceType": "Observation"})
    assert made["meta"] == {"security": [label]}
    with pytest.raises(HubError) as caught:
        retagging({"security": [label]}, adds=False)(made)
    assert (caught.value.category, caught.value.where) == (Category.FORBIDDEN, "Observation.meta.security")
