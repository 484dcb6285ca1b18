"""Items packed portion by portion: all there, in order, and made anew for whoever goes through them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.fhir.json import dumps
from hub.fhir.long_drafts import LongDrafts, changed, packed_drafts
from hub.fhir.packed import Packed
from hub.kernel.types import Draft

ITEMS = [{"n": n, "value": Decimal(f"{n}.50")} for n in range(8)]


def packed(items: int) -> Packed[dict[str, object]]:
    found: Packed[dict[str, object]] = Packed(lambda one: one, lambda one: one, 3)
    found.extend(ITEMS[:items])
    return found


@pytest.mark.parametrize("items", range(8))
def test_items_come_back_as_they_were_each_time(items: int) -> None:
    found = packed(items)
    assert (list(found), len(found), list(found)) == (ITEMS[:items], items, ITEMS[:items])
    assert dumps(list(found)) == dumps(ITEMS[:items])


def test_items_are_found_by_their_place() -> None:
    found = packed(7)
    assert [found[n] for n in (0, 3, 6, -1, -7)] == [ITEMS[n] for n in (0, 3, 6, 6, 0)]
    assert list(found[2:5]) == ITEMS[2:5]


@pytest.mark.parametrize("index", [7, -8])
def test_there_is_nothing_beyond_the_ends(index: int) -> None:
    with pytest.raises(IndexError):
        packed(7)[index]


def result(n: int, **more: object) -> Draft:
    resource = {"resourceType": "Observation", "id": f"o{n}", "valueDecimal": Decimal("1.50")}
    return Draft(resource=resource, authority="a", key=f"{n}", patient="p", **more)  # type: ignore[arg-type]


def long(*named: Draft, results: int) -> LongDrafts:
    found = packed_drafts()
    found.extend(result(n) for n in range(results))
    return LongDrafts(named, found)


def test_a_draft_comes_back_with_all_that_it_says() -> None:
    said = {
        "merge": "replace",
        "clears": ("status", "period.end"),
        "defaults": {"status": "final"},
        "dated": "urn:when",
        "only_stored": True,
        "unique": True,
        "whole": "Endpoint/e",
        "formerly": ("old", "older"),
        "administration": True,
    }
    assert said.keys() | {"resource", "authority", "key", "patient"} == set(Draft.__struct_fields__)
    found = packed_drafts()
    found.extend([result(1, **said)] * 2000)
    assert found[0] == found[1999] == result(1, **said)


def test_drafts_in_memory_stand_before_those_that_are_packed() -> None:
    found = long(result(9), results=2000)
    assert (len(found), found[0], found[1], found[-1], found[1:3]) == (
        2001,
        result(9),
        result(0),
        result(1999),
        (result(0), result(1)),
    )
    assert [draft.key for draft in found] == ["9", *map(str, range(2000))]
    for beyond in (2001, -2002):
        with pytest.raises(IndexError):
            found[beyond]


def test_drafts_are_changed_where_they_stand_whether_they_are_packed_or_not() -> None:
    def other(draft: Draft) -> Draft:
        return result(int(draft.key) + 1)

    many = changed(long(result(9), results=2000), other)
    assert isinstance(many, LongDrafts)
    assert (many.named, list(many.results)) == ((result(10),), [result(n + 1) for n in range(2000)])
    assert changed((result(1),), other) == (result(2),)
