"""What a message states, laid over what is stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Draft, Json
from hub.records.merge import merge, same

ELEMENTS = ("gender", "birthDate", "telecom", "deceasedBoolean", "deceasedDateTime", "active")
STATED = st.dictionaries(st.sampled_from(ELEMENTS), st.integers(0, 3), max_size=4)


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "p", **elements}


def draft(resource: Json, **options: Any) -> Draft:
    return Draft(resource=resource, authority="a", key="k", patient="p", **options)


def test_what_is_not_stated_stays_and_what_is_stated_replaces() -> None:
    stored = patient(gender="male", birthDate="1958-04-12")
    assert merge(draft(patient(gender="female")), stored).resource == patient(gender="female", birthDate="1958-04-12")


def test_what_is_cleared_goes_with_its_extension_and_is_remembered() -> None:
    stored = patient(birthDate="1958-04-12", _birthDate={"id": "x"}, gender="male")
    merged = merge(draft(patient(), clears=("birthDate",)), stored)
    assert merged.resource == patient(gender="male")
    assert merged.cleared == ("birthDate",)


def test_what_is_stated_again_is_no_longer_cleared() -> None:
    merged = merge(draft(patient(gender="male")), patient(), ("birthDate", "gender"))
    assert merged.cleared == ("birthDate",)


def test_a_value_of_another_type_takes_the_place_of_the_old_one() -> None:
    stored = patient(deceasedBoolean=True)
    assert merge(draft(patient(deceasedDateTime="2026")), stored).resource == patient(deceasedDateTime="2026")


def test_clearing_a_choice_clears_whatever_type_it_has() -> None:
    assert merge(draft(patient(), clears=("deceased[x]",)), patient(deceasedBoolean=True)).resource == patient()


def test_an_element_that_only_looks_like_a_choice_is_its_own() -> None:
    stored = {"resourceType": "MedicationRequest", "id": "m", "eventHistory": [1]}
    new = {"resourceType": "MedicationRequest", "id": "m", "medicationReference": {"reference": "Medication/1"}}
    assert merge(draft(new), stored).resource == {**stored, **new}


def test_a_primitive_is_replaced_with_its_extension() -> None:
    stored = patient(birthDate="1958", _birthDate={"extension": []})
    assert merge(draft(patient(birthDate="1959")), stored).resource == patient(birthDate="1959")


def test_an_extension_that_is_not_stated_stays_beside_those_that_are() -> None:
    told = [{"url": "race", "valueString": "a"}, {"url": "birthPlace", "valueString": "b"}]
    stored = patient(extension=told)
    new = [{"url": "race", "valueString": "c"}, {"url": "race", "valueString": "d"}]
    merged = merge(draft(patient(extension=new)), stored)
    assert merged.resource == patient(extension=[told[1], *new])
    assert same(merge(draft(patient(extension=new)), merged.resource).resource, merged.resource)
    assert merge(draft(patient(extension=new), clears=("extension",)), stored).resource == patient(extension=new)
    assert merge(draft(patient(extension=new), merge="replace"), stored).resource == patient(extension=new)


def test_an_older_message_that_may_speak_of_extensions_again_leaves_the_others() -> None:
    stored = patient(extension=[{"url": "birthPlace", "valueString": "b"}])
    again = draft(patient(extension=[{"url": "race", "valueString": "c"}]))
    merged = merge(again, stored, settled=True, own=("extension",))
    assert [each["url"] for each in merged.resource["extension"]] == ["birthPlace", "race"]


def test_a_default_is_used_only_where_nothing_is_stored() -> None:
    encounter: Json = {"resourceType": "Encounter", "id": "e"}
    one = draft(encounter, defaults={"status": "unknown"})
    assert merge(one, None).resource["status"] == "unknown"
    assert merge(one, {**encounter, "status": "finished"}).resource["status"] == "finished"
    snapshot = draft(encounter, defaults={"status": "unknown"}, merge="replace")
    assert merge(snapshot, {**encounter, "status": "finished", "period": {}}).resource == {
        **encounter,
        "status": "finished",
    }


def test_a_snapshot_replaces_everything_but_lasting_meta() -> None:
    stored = {**patient(gender="male"), "meta": {"versionId": "3", "source": "s", "tag": [{"code": "t"}]}}
    merged = merge(draft(patient(active=True), merge="replace"), stored)
    assert merged.resource == {**patient(active=True), "meta": {"tag": [{"code": "t"}]}}


def test_bookkeeping_is_no_change() -> None:
    stored = {**patient(gender="male"), "meta": {"versionId": "3", "lastUpdated": "now", "source": "s"}}
    assert same(merge(draft(patient(gender="male")), stored).resource, stored)


def test_the_digits_of_a_decimal_count() -> None:
    assert not same({"value": Decimal("1.0")}, {"value": Decimal("1.00")})
    assert same({"a": 1, "b": Decimal("1.0")}, {"b": Decimal("1.0"), "a": 1})


@pytest.mark.parametrize("element", ["subject", "patient", "beneficiary"])
def test_a_resource_never_changes_to_another_patient(element: str) -> None:
    stored = {"resourceType": "Basic", "id": "b", element: {"reference": "Patient/1"}}
    with pytest.raises(HubError) as refusal:
        merge(draft({**stored, element: {"reference": "Patient/2"}}), stored)
    assert (refusal.value.category, refusal.value.code) == (Category.CONFLICT, "subject-changed")
    assert "1" not in str(refusal.value)


@given(STATED, STATED, st.sets(st.sampled_from(ELEMENTS[:3])))
def test_an_older_message_changes_nothing_that_stands_or_was_cleared(
    old: dict[str, int], now: dict[str, int], cleared: set[str]
) -> None:
    stored = patient(**now)
    merged = merge(draft(patient(**old), clears=("active",)), stored, cleared, settled=True)
    assert all(merged.resource[key] == value for key, value in now.items())
    added = merged.resource.keys() - stored.keys()
    assert added <= old.keys() - cleared
    assert same(merged.resource, stored) is not bool(added)
    if "deceasedBoolean" in now:
        assert "deceasedDateTime" not in added
    left_out = {key for key in old if merged.resource.get(key) != old[key]}
    assert merged.held_back is bool(left_out or "active" in now)


@given(STATED, STATED)
def test_saying_the_same_twice_changes_nothing(first: dict[str, int], then: dict[str, int]) -> None:
    once = merge(draft(patient(**then)), patient(**first)).resource
    assert same(merge(draft(patient(**then)), once).resource, once)


def test_an_older_snapshot_changes_nothing() -> None:
    merged = merge(draft(patient(gender="male"), merge="replace"), patient(), settled=True)
    assert (merged.resource, merged.held_back) == (patient(), True)


def test_neither_the_draft_nor_what_is_stored_is_altered() -> None:
    stored, new = patient(gender="male", birthDate="1958"), patient(gender="female")
    merge(draft(new, clears=("birthDate",)), stored)
    assert (stored, new) == (patient(gender="male", birthDate="1958"), patient(gender="female"))


@pytest.mark.parametrize(
    ("stated", "clears", "stands"),
    [
        ({"end": "2026-03-08"}, (), {"start": "2026-03-03", "end": "2026-03-08"}),
        ({}, ("period.end",), {"start": "2026-03-03"}),
        ({"start": "2026-03-04"}, ("period.end",), {"start": "2026-03-04"}),
        ({}, ("period.start", "period.end"), None),
        ({}, ("period",), None),
    ],
)
def test_a_stay_is_overlaid_by_its_ends(stated: Json, clears: tuple[str, ...], stands: Json | None) -> None:
    stored = {"resourceType": "Encounter", "id": "e", "period": {"start": "2026-03-03", "end": "2026-03-07"}}
    resource = {"resourceType": "Encounter", "id": "e", **({"period": stated} if stated else {})}
    assert merge(draft(resource, clears=clears), stored).resource.get("period") == stands
