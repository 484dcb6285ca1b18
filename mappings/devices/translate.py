"""One reading to drafts: the Device, and an Observation for each value, blood pressure as a panel."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from hub.kernel.devices import Binding
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.types import Draft, Issue, Json, Translation
from mappings.devices.binding import bound, mistaken
from mappings.devices.readings import Reading
from mappings.devices.reporting import report
from mappings.devices.subject import stated
from mappings.devices.vendormap import Measure, Vendor
from mappings.forms.building import coding
from mappings.forms.observations import LOINC
from mappings.forms.quantities import quantity

#: As the HL7 personal health device guide writes the nomenclature of ISO/IEEE 11073-10101.
MDC: Final = "urn:iso:std:iso:11073:10101"
#: The issue of one that was taken back from whom it was attached to by mistake, and is nobody's yet.
WITHDRAWN: Final = "device-withdrawn"
#: Codes of what devices tell of: no nomenclature in use here has them.
EVENTS: Final = "urn:hub:device-event"
#: The reason a reading waits for: its device is bound to nobody at its time.
UNBOUND: Final = "unbound-device"
#: Types of what is stated of a patient in messages of devices, whose `status` has the code entered-in-error.
_STATED: Final = frozenset(
    {"Observation", "DiagnosticReport", "ServiceRequest", "Specimen", "Encounter", "Media", "DocumentReference"}
)
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_PANELS: Final = {
    "blood-pressure": (
        "血压",
        ("150020", "MDC_PRESS_BLD_NONINV"),
        ("85354-9", "Blood pressure panel with all children optional"),
    )
}


def translate(
    reading: Reading, vendor: Vendor, bindings: Collection[Binding], facility: str, ids: IdMaker
) -> Translation:
    """What a reading says. Refused where nothing of it is understood or believed (`nothing-measured`), where it names
    another person than has the device (`two-subjects`), and where it names nobody and the device is bound to nobody, or
    several, at that time (`unbound-device`): then it waits. Raises HubError INVALID for a person's number that is none.
    """
    person, wearer = stated(reading.data, vendor, facility, ids), bound(bindings, reading.when)
    patient = wearer if person is None else person.patient
    others = mistaken(bindings, reading.when) - {patient}
    refusal = _refusal(reading, patient, wearer, others)
    if refusal is not None:
        rows = report(reading, vendor, refusal.what)
        return Translation(issues=reading.issues, report=rows, refusal=refusal, event_time=reading.when)
    drafts = [void(draft) for other in sorted(others) for draft in _drafts(reading, vendor, facility, ids, other)]
    issues = reading.issues
    if patient is None:
        issues = (*issues, withdrawn())
    else:
        drafts += [*([person] if person else ()), *_drafts(reading, vendor, facility, ids, patient)]
    return Translation(drafts=tuple(drafts), issues=issues, report=report(reading, vendor), event_time=reading.when)


def _refusal(reading: Reading, patient: str | None, wearer: str | None, others: Collection[str]) -> HubError | None:
    if not reading.values and not reading.events:
        return _nothing()
    if wearer not in (None, patient):
        todo = "end the binding, or have the device send without the person"
        what = "names another person than has the device at that time"
        return HubError(Category.INVALID, what, where="device", todo=todo, code="two-subjects")
    return unbound() if patient is None and not others else None


def _drafts(reading: Reading, vendor: Vendor, facility: str, ids: IdMaker, patient: str) -> list[Draft]:
    maker = _Maker(reading, vendor, facility, ids, patient)
    maker.device()
    maker.panels()
    for measure, value in reading.values:
        if not measure.panel:
            maker.observation(measure.name, _code(measure), {"valueQuantity": _amount(measure, value)})
    for event in reading.events:
        code = {"coding": [coding(EVENTS, event.name, event.text)], "text": event.text}
        maker.observation(event.name, code, {"valueBoolean": True})
    return maker.drafts


def void(draft: Draft) -> Draft:
    """What was attached to somebody by a binding that was put right: entered in error, where it stands at all."""
    resource = draft.resource
    if resource["resourceType"] in _STATED:
        stated = {name: value for name, value in resource.items() if name != "_status"}
        resource = {**stated, "status": "entered-in-error"}
    return replace(draft, resource=resource, only_stored=True)


def withdrawn() -> Issue:
    """What a message is told whose device was taken from whom it was attached to, and is nobody's yet."""
    text = (
        "the device was not this patient's at that time; what it measured is entered in error, and waits for a binding"
    )
    return Issue(severity="warning", where="device", code=WITHDRAWN, text=text)


def unbound() -> HubError:
    """Why a reading waits."""
    todo = "bind the device for that time: the reading is then taken by itself"
    what = "nobody, or more than one person, has this device at that time"
    return HubError(Category.INVALID, what, where="device", todo=todo, code=UNBOUND)


def _nothing() -> HubError:
    todo = "describe it in the vendor map and replay, or see the issues for values that are not believed"
    what = "holds nothing that the vendor map describes and that can be believed"
    return HubError(Category.INVALID, what, where="reading", todo=todo, code="nothing-measured")


class _Maker:
    def __init__(self, reading: Reading, vendor: Vendor, facility: str, ids: IdMaker, patient: str) -> None:
        self.drafts: list[Draft] = []
        self._reading, self._vendor, self._patient = reading, vendor, patient
        self._facility, self._ids = facility, ids

    def _add(self, rtype: str, authority: str, key: str, content: Json, patient: str) -> str:
        rid = self._ids(self._facility, rtype, authority, key)
        resource = {"resourceType": rtype, "id": rid, **content}
        self.drafts.append(Draft(resource=resource, authority=authority, key=key, patient=patient))
        return f"{rtype}/{rid}"

    def device(self) -> None:
        number = {"value": self._reading.device}
        # One for each who has had it: a Device in nobody's record is shown to nobody.
        key = f"{self._vendor.name}|{self._reading.device}"
        self._device = self._add("Device", self._patient, key, {"identifier": [number]}, self._patient)

    def panels(self) -> None:
        for name, (text, mdc, loinc) in _PANELS.items():
            parts = [(measure, value) for measure, value in self._reading.values if measure.panel == name]
            components = [
                {"code": _code(measure), "valueQuantity": _amount(measure, value)} for measure, value in parts
            ]
            if components:
                code = {"coding": [coding(LOINC, *loinc), coding(MDC, *mdc)], "text": text}
                self.observation(name, code, {"component": components})

    def observation(self, name: str, code: Json, said: Json) -> None:
        when = self._reading.when.isoformat()
        content = {
            "status": "final",
            "category": [{"coding": [coding(_CATEGORY, _category(self._reading, name))]}],
            "code": code,
            "subject": {"reference": f"Patient/{self._patient}"},
            "effectiveDateTime": when,
            "device": {"reference": self._device},
            **said,
        }
        # Whose it is belongs to what it is: a binding put right makes another Observation beside the first.
        key = f"{self._reading.device}|{when}|{self._patient}|{name}"
        self._add("Observation", self._vendor.name, key, content, self._patient)


def _category(reading: Reading, name: str) -> str:
    for measure, _ in reading.values:
        if measure.name == name and measure.question.observe:
            return measure.question.observe.category
    return "vital-signs"


def _code(measure: Measure) -> Json:
    question = measure.question
    found = [coding(MDC, measure.mdc, measure.mdc_name)] if measure.mdc else []
    if question.observe and question.observe.code:
        found.insert(0, coding(LOINC, question.observe.code, question.observe.display))
    return {"coding": found, "text": question.text}


def _amount(measure: Measure, value: Decimal) -> Json:
    return quantity(measure.question, value)
