"""An archive sends its objects one by one; the study they make does not depend on their order."""

from __future__ import annotations

from itertools import permutations

from hub.kernel.types import Draft, Json
from hub.records.merge import merge

CODES = {"1.1": "CT", "1.2": "SR"}


def study(series: str, *numbers: int) -> Json:
    instances = [{"uid": f"{series}.{n}", "number": n, "sopClass": {"code": "urn:oid:1.2"}} for n in numbers]
    one = {"uid": series, "modality": {"code": CODES[series]}, "numberOfInstances": len(numbers), "instance": instances}
    counts = {"numberOfSeries": 1, "numberOfInstances": len(numbers), "modality": [{"code": CODES[series]}]}
    return {"resourceType": "ImagingStudy", "id": "s", "status": "available", **counts, "series": [one]}


def draft(resource: Json) -> Draft:
    return Draft(resource=resource, authority="urn:dicom:uid", key="1", patient="p")


def test_objects_add_up_to_one_study_in_any_order() -> None:
    results = []
    for order in permutations([study("1.1", 1), study("1.1", 2), study("1.2", 1)]):
        stored: Json | None = None
        for each in order:
            stored = merge(draft(each), stored).resource
        results.append(stored)
    assert all(found == results[0] for found in results)
    whole = results[0]
    assert whole is not None
    assert (whole["numberOfSeries"], whole["numberOfInstances"]) == (2, 3)
    assert [each["code"] for each in whole["modality"]] == ["CT", "SR"]
    assert [each["number"] for each in whole["series"][0]["instance"]] == [1, 2]


def test_an_object_that_comes_again_changes_nothing() -> None:
    stored = merge(draft(study("1.1", 2)), study("1.1", 1)).resource
    assert not merge(draft(study("1.1", 1)), stored).changed


def test_an_older_object_that_is_replayed_late_is_still_added() -> None:
    merged = merge(draft(study("1.1", 1)), study("1.1", 2), settled=True)
    assert merged.resource["numberOfInstances"] == 2
