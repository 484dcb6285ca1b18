"""PCD-01 without a patient: the wearer's of its device, or nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from hub.kernel.devices import Binding
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Translation
from mappings.devices import pcd
from mappings.devices.translate import UNBOUND, WITHDRAWN
from mappings.hl7v2 import envelope
from mappings.hl7v2 import translator as hl7v2
from mappings.hl7v2.convert import bundle
from mappings.hl7v2.profile import DEFAULT
from tests.mappings.checker import invalid
from tests.mappings.devices.test_devices import PCD_01

WHEN: Final = datetime(2026, 3, 5, 1, 29, tzinfo=UTC)
IDS: Final = keyed_ids(PUBLIC_KEY)
PID: Final = "PID|||990122195804120960^^^^SFZH||沈桂兰^^^^^^L"
NAMELESS: Final = {"no PID": PCD_01.replace(f"{PID}\r", ""), "an empty PID": PCD_01.replace(PID, "PID|||")}


@dataclass(frozen=True)
class Worn:
    """Bindings, whatever the feed."""

    bindings: tuple[Binding, ...]

    def of(self, feed: str, device: str) -> Sequence[Binding]:
        assert feed == "F04-pcd"
        return [one for one in self.bindings if one.device == device]


def wearer(patient: str, start: datetime = WHEN - timedelta(days=1), device: str = "5678EF") -> Binding:
    return Binding(device=device, patient=patient, start=start)


def said(message: str, *bindings: Binding) -> Translation:
    read = envelope.envelope_reader(DEFAULT)
    plain = hl7v2.translator(DEFAULT, "F04", IDS)
    return pcd.translator(plain, read, DEFAULT, "F04-pcd", Worn(bindings), "F04", IDS)(message.encode())


@pytest.mark.parametrize("message", NAMELESS.values(), ids=NAMELESS)
def test_what_names_no_patient_is_the_wearers_of_its_device(message: str) -> None:
    made = said(message, wearer("p1"), wearer("p2", device="other"))
    assert made.refusal is None
    assert made.issues == ()
    types = [draft.resource["resourceType"] for draft in made.drafts]
    assert "Patient" not in types
    assert types.count("Observation") == 5
    assert {draft.patient for draft in made.drafts} == {"p1"}
    subjects = {draft.resource["subject"]["reference"] for draft in made.drafts if "subject" in draft.resource}
    assert subjects == {"Patient/p1"}
    (device,) = [draft for draft in made.drafts if draft.resource["resourceType"] == "Device"]
    assert device.resource["id"] == IDS("F04", "Device", "p1", device.key)
    used = {draft.resource["device"]["reference"] for draft in made.drafts if "device" in draft.resource}
    assert used == {f"Device/{device.resource['id']}"}
    assert invalid(bundle(made.drafts)) == []


@pytest.mark.parametrize("message", NAMELESS.values(), ids=NAMELESS)
@pytest.mark.parametrize(
    "bindings",
    [(), (wearer("p1", WHEN + timedelta(minutes=1)),), (wearer("p1"), wearer("p2"))],
    ids=["nobody", "later", "two"],
)
def test_what_is_nobodys_waits_in_the_lane_of_its_device(message: str, bindings: tuple[Binding, ...]) -> None:
    made = said(message, *bindings)
    assert made.drafts == ()
    assert made.refusal is not None
    assert made.refusal.code == UNBOUND
    read = pcd.envelope_reader(envelope.envelope_reader(DEFAULT), DEFAULT)
    assert read(message.encode()).lanes == ("5678EF",)


def test_a_message_attached_by_a_binding_put_right_is_taken_back_and_given_to_whom_it_belongs() -> None:
    message = NAMELESS["no PID"]
    first = {draft.resource["id"] for draft in said(message, wearer("p1")).drafts}
    short = replace(wearer("p1"), end=WHEN - timedelta(hours=1), claimed=WHEN + timedelta(hours=1))
    alone = said(message, short)
    assert alone.refusal is None
    assert [issue.code for issue in alone.issues] == [WITHDRAWN]
    assert {draft.resource["id"] for draft in alone.drafts} == first
    assert all(draft.only_stored for draft in alone.drafts)
    statuses = {draft.resource.get("status") for draft in alone.drafts if draft.resource["resourceType"] != "Device"}
    assert statuses == {"entered-in-error"}
    made = said(message, short, wearer("p2", WHEN - timedelta(hours=1)))
    assert made.issues == ()
    assert {draft.resource["id"] for draft in made.drafts if draft.patient == "p1"} == first
    theirs = [draft for draft in made.drafts if draft.patient == "p2"]
    assert {draft.resource["id"] for draft in theirs}.isdisjoint(first)
    assert [draft.only_stored for draft in theirs] == [False] * len(first)
    assert invalid(bundle(tuple(theirs))) == invalid(bundle(alone.drafts)) == []


def test_what_names_its_patient_is_left_as_it_is() -> None:
    plain = hl7v2.translator(DEFAULT, "F04", IDS)(PCD_01.encode())
    assert said(PCD_01, wearer("p2")) == plain
    read = pcd.envelope_reader(envelope.envelope_reader(DEFAULT), DEFAULT)
    assert read(PCD_01.encode()).lanes == ("990122195804120960",)
