"""A40 and the older merges: identity events and the links between two patients of one facility."""

from __future__ import annotations

import pytest

from tests.mappings.engine import PID, codes, drafts, patient, pid, reported, translate

MRG = "MRG|000456^^^^MR||||||杜明远"


@pytest.mark.parametrize("event", ["A40", "A34", "A18"])
def test_a_merge_is_an_identity_event_and_two_linked_patients(event: str) -> None:
    found = translate("EVN|A40|20260301", PID, MRG, event=event)
    (merge,) = found.identity_events
    survivor, loser = (each.resource for each in drafts(found, "Patient"))
    assert (merge.kind, merge.survivor, merge.loser) == (event, survivor["id"], loser["id"])
    assert survivor["link"] == [{"other": {"reference": f"Patient/{loser['id']}"}, "type": "replaces"}]
    assert loser["link"] == [{"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}]
    assert loser["active"] is False
    assert loser["identifier"][0]["use"] == "old"


def test_the_loser_is_the_patient_other_messages_know() -> None:
    (merge,) = translate(PID, MRG, event="A40").identity_events
    assert merge.loser == patient(pid(f3="000456^^^^MR"))["id"]
    assert merge.survivor == patient(PID)["id"]


@pytest.mark.parametrize("number", ["000456^^^^MR", "000456^^^F01^MR", "000456^^^F01&1.2.990122&ISO^MR"])
def test_a_merge_in_the_numbers_of_another_hospital_names_patients_of_the_sender_alone(number: str) -> None:
    own = {patient(pid(f3=each))["id"] for each in ("000123^^^^MR", "000123^^^F01^MR", number)}
    told = translate(pid(f3="000123^^^F01^MR"), f"MRG|{number}", event="A40", facility="F02")
    (merge,) = told.identity_events
    assert own.isdisjoint({merge.survivor, merge.loser})
    assert own.isdisjoint({each.resource["id"] for each in drafts(told, "Patient")})


def test_a_merge_of_several_pairs_gives_an_event_for_each() -> None:
    found = translate(pid(f3="1^^^^MR"), "MRG|2^^^^MR", pid(f3="3^^^^MR"), "MRG|4^^^^MR", event="A40")
    assert len(found.identity_events) == 2


def test_a_merge_of_a_patient_with_themselves_is_no_event() -> None:
    found = translate(PID, "MRG|000123^^^^MR", event="A40")
    assert not found.identity_events
    assert "merge-with-itself" in codes(found)


def test_mrg_outside_a_merge_means_nothing_here() -> None:
    found = translate(PID, MRG, event="A08")
    assert not found.identity_events
    assert reported(found, "MRG-1[1].1")[0] == "refused"


def test_the_report_tells_where_the_old_number_went() -> None:
    found = translate(PID, MRG, event="A40")
    assert reported(found, "MRG-1[1].1")[:2] == ("mapped", ("Patient.identifier[].value",))
    assert reported(found, "MRG-7[1]")[:2] == ("mapped", ("Patient.name[].family",))


def test_an_unmerge_is_an_identity_event_and_two_patients_without_links() -> None:
    found = translate(pid(f3="1^^^^MR"), pid(f3="2^^^^MR"), event="A37")
    (event,) = found.identity_events
    first, second = drafts(found, "Patient")
    assert (event.kind, event.survivor, event.loser) == ("A37", first.resource["id"], second.resource["id"])
    for draft in (first, second):
        assert draft.resource["active"] is True
        assert "link" in draft.clears


def test_an_unmerge_of_one_patient_alone_is_no_event() -> None:
    assert not translate(pid(f3="1^^^^MR"), event="A37").identity_events
