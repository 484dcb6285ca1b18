"""What a feed of readings needs: payloads into messages, envelopes, translation, messages taken apart for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hub.fhir.json import dumps, loads
from hub.kernel.devices import Binding, Wearers
from hub.kernel.errors import HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import Dissector, EnvelopeReader, Translator
from hub.kernel.types import Envelope, Part, Translation
from mappings.devices import readings
from mappings.devices.readings import reading
from mappings.devices.subject import number_in
from mappings.devices.translate import translate
from mappings.devices.vendormap import Vendor, at
from mappings.forms.json_rows import cells


def messages(raw: bytes, vendor: Vendor, received: datetime) -> Iterator[tuple[str, bytes]]:
    """The readings of a payload as messages with their places. Raises HubError UNREADABLE or TOO_LARGE."""
    for place, message in enumerate(readings.messages(raw, vendor, received), 1):
        yield f"reading {place}", dumps(message)


def devices(raw: bytes, vendor: Vendor) -> frozenset[str]:
    """The numbers of the devices that a payload has readings of. Raises HubError UNREADABLE."""
    data = loads(raw)
    listed = at(data, vendor.readings) if vendor.readings else [data]
    return (
        frozenset(str(at(each, vendor.device)).strip() for each in listed) if isinstance(listed, list) else frozenset()
    )


def translator(feed: str, vendor: Vendor, wearers: Wearers, facility: str, ids: IdMaker) -> Translator:
    """The translator of one feed of readings. It raises HubError UNREADABLE or INVALID."""

    def run(raw: bytes) -> Translation:
        found = reading(loads(raw), vendor)
        bindings: Sequence[Binding] = wearers.of(feed, found.device)
        return translate(found, vendor, bindings, facility, ids)

    return run


def envelope_reader(vendor: Vendor) -> EnvelopeReader:
    """Reads which device a reading is of, its lane, and what it is: device, instant and measures."""

    def read(raw: bytes) -> Envelope:
        try:
            found = reading(loads(raw), vendor)
        except HubError as error:
            return Envelope(problem=error)
        lanes = (found.device, number_in(found.data, vendor))
        return Envelope(identity=found.identity, kind=vendor.name, lanes=tuple(filter(None, lanes)))

    return read


def dissector(vendor: Vendor) -> Dissector:
    """Takes readings apart: a part for every member, named by what it measures."""
    names = {measure.path: measure.question.text for measure in vendor.measures}

    def take_apart(raw: bytes) -> tuple[Part, ...]:
        leaves = cells(loads(raw)).items()
        inner = f"{readings.READING}."
        parts = (
            Part(at=name, name=names.get(name.removeprefix(inner), ""), text=text, field=text)
            for name, text in leaves
            if text
        )
        return (Part(at=vendor.name, parts=tuple(parts)),)

    return take_apart
