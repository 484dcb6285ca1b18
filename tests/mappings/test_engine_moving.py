"""Identity events of accounts and visits, of corrected numbers, and of numbers that move between patients."""

from __future__ import annotations

import pytest

from hub.kernel.types import IdentityEvent, Translation
from tests.mappings.engine import PID, codes, draft, drafts, patient, pid, reported, resource, translate

ACCOUNT = "PID|1||000123^^^^MR|||||||||||||||C2^^^HOSP^AN"


def visit(number: str = "V2", alternate: str = "") -> str:
    return f"PV1|1|I|{'|' * 15}|{number}^^^HOSP^VN" + (f"{'|' * 31}{alternate}^^^HOSP^VN" if alternate else "")


def mrg(patient: str = "", account: str = "", number: str = "", alternate: str = "", before: str = "") -> str:
    return f"MRG|{patient}||{account}|{before}|{number}|{alternate}"


def only(found: Translation) -> IdentityEvent:
    (event,) = found.identity_events
    return event


def encounter(number: str) -> str:
    return str(resource(translate(PID, visit(number)), "Encounter")["id"])


def account(number: str) -> str:
    return str(resource(translate(ACCOUNT.replace("C2", number)), "Account")["id"])


def known(number: str) -> str:
    return str(patient(pid(f3=f"{number}^^^^MR"))["id"])


@pytest.mark.parametrize("event", ["A46", "A47"])
def test_a_corrected_number_of_a_patient_is_no_merge(event: str) -> None:
    found = translate(PID, mrg("000456^^^^MR"), event=event)
    told = only(found)
    assert (told.effect, told.type, told.survivor, told.loser) == (
        "renumber",
        "Patient",
        known("000123"),
        known("000456"),
    )
    (person,) = drafts(found, "Patient")
    assert {each["value"]: each.get("use") for each in person.resource["identifier"]} == {
        "000123": None,
        "000456": "old",
    }
    assert "active" not in person.resource


def test_a_corrected_visit_number_names_both() -> None:
    told = only(translate(PID, mrg(number="V1^^^HOSP^VN"), visit("V2"), event="A50"))
    assert (told.effect, told.type, told.survivor, told.loser) == (
        "renumber",
        "Encounter",
        encounter("V2"),
        encounter("V1"),
    )


def test_an_alternate_number_of_a_visit_that_has_another_changes_nothing_it_is_known_by() -> None:
    told = translate(PID, mrg(alternate="X1^^^HOSP^VN"), visit("V2", "X2"), event="A51")
    assert not told.identity_events
    alone = only(
        translate(PID, mrg(alternate="X1^^^HOSP^VN"), visit("", "X2").replace("^^^HOSP^VN", "", 1), event="A51")
    )
    assert (alone.effect, alone.survivor, alone.loser) == ("renumber", encounter("X2"), encounter("X1"))


def test_a_corrected_account_number_names_both() -> None:
    told = only(translate(ACCOUNT, mrg(account="C1^^^HOSP^AN"), event="A49"))
    assert (told.effect, told.type, told.survivor, told.loser) == ("renumber", "Account", account("C2"), account("C1"))


@pytest.mark.parametrize("event", ["A35", "A41"])
def test_an_account_that_ends_in_another_names_both(event: str) -> None:
    told = only(translate(ACCOUNT, mrg(account="C1^^^HOSP^AN"), event=event))
    assert (told.effect, told.survivor, told.loser) == ("absorb", account("C2"), account("C1"))


def test_a_visit_that_ends_in_another_names_both() -> None:
    told = only(translate(PID, mrg(number="V1^^^HOSP^VN"), visit("V2"), event="A42"))
    assert (told.effect, told.type, told.survivor, told.loser) == (
        "absorb",
        "Encounter",
        encounter("V2"),
        encounter("V1"),
    )


def test_a_merge_of_patients_and_their_accounts_is_two_events() -> None:
    found = translate(ACCOUNT, mrg("000456^^^^MR", "C1^^^HOSP^AN"), event="A36")
    assert [(each.effect, each.type) for each in found.identity_events] == [("merge", "Patient"), ("absorb", "Account")]


def test_a_move_of_a_visit_names_both_patients_and_the_visit() -> None:
    found = translate(PID, mrg("000456^^^^MR", number="V2^^^HOSP^VN"), visit("V2"), event="A45")
    told = only(found)
    assert (told.effect, told.survivor, told.loser) == ("move", known("000123"), known("000456"))
    assert told.resources == (f"Encounter/{encounter('V2')}",)
    assert len(drafts(found, "Patient")) == 1
    assert reported(found, "MRG-5[1].1")[:2] == ("mapped", ("identity event",))


def test_several_visits_move_at_once() -> None:
    one, two = (mrg("000456^^^^MR", number=f"V{n}^^^HOSP^VN") for n in (1, 2))
    found = translate(PID, one, visit("V1"), two, visit("V2"), event="A45")
    assert [each.resources for each in found.identity_events] == [
        (f"Encounter/{encounter('V1')}", f"Encounter/{encounter('V2')}")
    ]


def test_a_visit_that_gets_another_number_as_it_moves_is_corrected_first() -> None:
    found = translate(PID, mrg("000456^^^^MR", number="V1^^^HOSP^VN"), visit("V2"), event="A45")
    assert [each.effect for each in found.identity_events] == ["renumber", "move"]


def test_a_move_of_an_account_names_it() -> None:
    told = only(translate(ACCOUNT, mrg("000456^^^^MR", "C2^^^HOSP^AN"), event="A44"))
    assert told.resources == (f"Account/{account('C2')}",)


@pytest.mark.parametrize(
    ("event", "segments"),
    [
        ("A45", (PID, mrg(number="V1"), visit("V1"))),
        ("A45", (PID, mrg("000123^^^^MR", number="V1"), visit("V1"))),
        ("A44", (PID, mrg("000456^^^^MR"))),
        ("A50", (PID, mrg(), visit())),
        ("A47", (PID, mrg("000123^^^^MR"))),
        ("A43", (PID, mrg("000456^^^^MR"))),
    ],
)
def test_an_event_that_names_too_little_is_told_of(event: str, segments: tuple[str, ...]) -> None:
    found = translate(*segments, event=event)
    assert not found.identity_events
    assert "identity-event" in codes(found)


def test_a_number_that_moves_parts_from_one_patient_and_joins_another() -> None:
    target = "PID|1|T9^^^^PI|X5^^^^MR"
    found = translate(target, mrg("X5^^^^MR", before="S8^^^^PI"), event="A43")
    parted, joined = found.identity_events
    source = str(patient("PID|1||S8^^^^PI")["id"])
    assert (parted.kind, parted.survivor, parted.loser) == ("A37", source, known("X5"))
    assert (joined.kind, joined.survivor, joined.loser) == ("A43", str(patient("PID|1||T9^^^^PI")["id"]), known("X5"))


def test_a_citizen_id_that_moves_makes_no_patient_of_its_own() -> None:
    found = translate("PID|1||T9^^^^PI~990122195804120960^^^^SFZH", mrg("990122195804120960^^^^SFZH"), event="A43")
    assert not found.identity_events


def test_a_link_of_two_patients_leaves_both_in_use() -> None:
    found = translate(pid(f3="1^^^^MR"), pid(f3="2^^^^MR"), event="A24")
    told = only(found)
    assert (told.kind, told.survivor, told.loser) == ("A24", known("1"), known("2"))
    for each, other in ((0, 1), (1, 0)):
        person = drafts(found, "Patient")[each].resource
        assert person["link"] == [
            {"other": {"reference": f"Patient/{drafts(found, 'Patient')[other].resource['id']}"}, "type": "seealso"}
        ]
        assert "active" not in person


def test_a_deleted_person_is_no_longer_in_use() -> None:
    assert draft(translate(PID, event="A29"), "Patient").resource["active"] is False


def test_a_number_before_without_an_authority_is_one_of_the_same_kind() -> None:
    told = only(translate(pid(f3="000123^^^HOSP^MR"), mrg("000456"), event="A40"))
    assert told.loser == patient(pid(f3="000456^^^HOSP^MR"))["id"]
    assert not translate(PID, mrg(number="V1"), visit("V1"), event="A42").identity_events
