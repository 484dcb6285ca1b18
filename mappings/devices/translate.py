"""One reading to drafts: the Device, and an Observation for each value, blood pressure as a panel."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.types import Draft, Json, Translation
from mappings.devices.binding import Binding, bound
from mappings.devices.readings import Reading
from mappings.devices.vendormap import Measure, Vendor
from mappings.forms.building import coding
from mappings.forms.observations import LOINC
from mappings.forms.quantities import quantity

#: As the HL7 personal health device guide writes the nomenclature of ISO/IEEE 11073-10101.
MDC: Final = "urn:iso:std:iso:11073:10101"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_PANELS: Final = {
    "blood-pressure": (
        ("150020", "MDC_PRESS_BLD_NONINV"),
        ("85354-9", "Blood pressure panel with all children optional"),
    )
}


def translate(
    reading: Reading, vendor: Vendor, bindings: Iterable[Binding], facility: str, ids: IdMaker
) -> Translation:
    """What a reading says. Refused (`unbound-device`) where the device is bound to nobody, or several, at that time."""
    binding = bound(bindings, reading.device, reading.when)
    if binding is None:
        return Translation(issues=reading.issues, refusal=_unbound(), event_time=reading.when)
    patient = ids(facility, "Patient", binding.authority, binding.key)
    maker = _Maker(reading, vendor, facility, ids, patient)
    maker.device()
    maker.panels()
    for measure, value in reading.values:
        if not measure.panel:
            maker.observation(measure.question.link, _code(measure), {"valueQuantity": _amount(measure, value)})
    return Translation(drafts=tuple(maker.drafts), issues=reading.issues, event_time=reading.when)


def _unbound() -> HubError:
    todo = "bind the device for that time and replay the message"
    what = "nobody, or more than one person, has this device at that time"
    return HubError(Category.INVALID, what, where="device", todo=todo, code="unbound-device")


class _Maker:
    def __init__(self, reading: Reading, vendor: Vendor, facility: str, ids: IdMaker, patient: str) -> None:
        self.drafts: list[Draft] = []
        self._reading, self._vendor, self._patient = reading, vendor, patient
        self._facility, self._ids = facility, ids

    def _add(self, rtype: str, authority: str, key: str, content: Json, patient: str | None) -> str:
        rid = self._ids(self._facility, rtype, authority, key)
        resource = {"resourceType": rtype, "id": rid, **content}
        self.drafts.append(Draft(resource=resource, authority=authority, key=key, patient=patient))
        return f"{rtype}/{rid}"

    def device(self) -> None:
        number = {"value": self._reading.device}
        self._device = self._add("Device", self._vendor.name, self._reading.device, {"identifier": [number]}, None)

    def panels(self) -> None:
        for name, (mdc, loinc) in _PANELS.items():
            parts = [(measure, value) for measure, value in self._reading.values if measure.panel == name]
            components = [
                {"code": _code(measure), "valueQuantity": _amount(measure, value)} for measure, value in parts
            ]
            if components:
                code = {"coding": [coding(LOINC, *loinc), coding(MDC, *mdc)]}
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
        key = f"{self._reading.device}|{when}|{name}"
        self._add("Observation", self._vendor.name, key, content, self._patient)


def _category(reading: Reading, name: str) -> str:
    for measure, _ in reading.values:
        if measure.question.link == name and measure.question.observe:
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
