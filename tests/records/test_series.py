"""An archive sends its objects one by one; the study they make does not depend on their order."""

from __future__ import annotations

from itertools import permutations

from msgspec.structs import replace

from hub.kernel.types import Draft, Json
from hub.records.merge import merge, same

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
    assert same(merge(draft(study("1.1", 1)), stored).resource, stored)


def test_an_older_object_that_is_replayed_late_is_still_added() -> None:
    merged = merge(draft(study("1.1", 1)), study("1.1", 2), settled=True)
    assert merged.resource["numberOfInstances"] == 2


HERE, THERE = "Endpoint/here", "Endpoint/there"


def at(place: str, resource: Json) -> Draft:
    """All that the archive at a place has of a study."""
    for series in resource["series"]:
        series["endpoint"] = [{"reference": place}]
    resource["endpoint"] = [{"reference": place}]
    return replace(draft(resource), whole=place)


def gone(place: str) -> Draft:
    resource = {"resourceType": "ImagingStudy", "id": "s", "status": "entered-in-error"}
    return replace(draft(resource), whole=place, only_stored=True)


def test_what_an_archive_no_longer_has_of_a_study_goes_and_what_another_has_stays() -> None:
    stored = merge(at(THERE, study("1.2", 1)), merge(at(HERE, study("1.1", 1, 2)), None).resource).resource
    assert (stored["numberOfSeries"], stored["numberOfInstances"]) == (2, 3)
    fewer = merge(at(HERE, study("1.1", 2)), stored).resource
    assert [[each["number"] for each in series["instance"]] for series in fewer["series"]] == [[2], [1]]
    assert [each["reference"] for each in fewer["endpoint"]] == [HERE, THERE]
    moved = merge(gone(HERE), fewer).resource
    assert (moved["status"], moved["numberOfInstances"]) == ("available", 1)
    assert moved["endpoint"] == [{"reference": THERE}]
    lost = merge(gone(THERE), moved)
    assert lost.resource.keys() == {"resourceType", "id", "status", "modality"}
    assert lost.resource["status"] == "entered-in-error"


def test_a_study_that_is_there_again_is_available_again() -> None:
    lost = merge(gone(HERE), merge(at(HERE, study("1.1", 1)), None).resource)
    found = merge(at(HERE, study("1.1", 1)), lost.resource, lost.cleared).resource
    assert (found["status"], found["numberOfInstances"], found["endpoint"]) == ("available", 1, [{"reference": HERE}])


def test_an_older_state_of_an_archive_brings_nothing_back() -> None:
    first = merge(at(HERE, study("1.1", 1, 2)), None)
    fewer = merge(at(HERE, study("1.1", 2)), first.resource, first.cleared)
    late = merge(at(HERE, study("1.1", 1, 2)), fewer.resource, fewer.cleared, settled=True)
    assert late.resource == fewer.resource
    other = merge(at(THERE, study("1.2", 1)), fewer.resource, fewer.cleared, settled=True)
    assert other.resource["numberOfSeries"] == 2
    lost = merge(gone(HERE), fewer.resource, fewer.cleared)
    assert merge(at(HERE, study("1.1", 2)), lost.resource, lost.cleared, settled=True).resource == lost.resource
