"""The formats of feeds: one object per format and profile gives all that a feed of that format needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from hub.bootstrap.device_format import Device
from hub.bootstrap.family_format import Family
from hub.bootstrap.mhd_format import Mhd
from hub.bootstrap.reading import Reading, WithFacilityProfile
from hub.kernel.consortium import Feed
from hub.kernel.devices import NOBODY, Wearers
from hub.kernel.ids import IdMaker
from hub.kernel.local_codes import approved_map
from hub.kernel.ports import CodeMaps, Dissector, EnvelopeReader, Mender, Translator
from hub.kernel.types import UnmappedCode
from hub.pipeline.fhir_mask import Mask
from mappings.hl7v2.habits import NO_MAPS


class HL7v2(WithFacilityProfile):
    """HL7 v2 messages with a facility profile.

    `devices` is the name of the feed where messages without a patient are of whoever has the device, by `wearers`.
    """

    codes = True
    devices = ""
    wearers: Wearers = NOBODY

    def translator(self, facility: str, ids: IdMaker, canonical_base: str) -> Translator:
        from mappings.hl7v2.translator import translator

        plain = translator(
            self.profile, facility, ids, canonical_base=canonical_base, maps=self.maps, approved=self.approved
        )
        if not self.devices:
            return plain
        from mappings.devices import pcd
        from mappings.hl7v2.envelope import envelope_reader

        read = envelope_reader(self.profile)
        return pcd.translator(plain, read, self.profile, self.devices, self.wearers, facility, ids)

    def envelope_reader(self) -> EnvelopeReader:
        from mappings.hl7v2.envelope import envelope_reader

        plain = envelope_reader(self.profile)
        if not self.devices:
            return plain
        from mappings.devices import pcd

        return pcd.envelope_reader(plain, self.profile)

    def dissector(self) -> Dissector:
        from mappings.hl7v2.dissect import dissector

        return dissector(self.profile)

    def mender(self) -> Mender:
        from mappings.hl7v2.mend import mender

        return mender(self.profile)

    def masker(self, canonical_base: str) -> Callable[[], Mask]:
        from mappings.hl7v2.given import given

        found = given(self.profile, canonical_base)
        return lambda: Mask(found.uris, found.codes)

    def knows(self, code: UnmappedCode) -> bool:
        from mappings.hl7v2.habits import codings

        return bool(codings(self.profile, self.maps, self.approved, code.field, code.code, code.display, code.system))

    def named_maps(self) -> tuple[str, ...]:
        return tuple(self.profile.concept_maps.values())

    def messages(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        from mappings.hl7v2.batch import split_messages

        for number, message in enumerate(split_messages(raw), 1):
            yield f"message {number}", message


class Form(Reading):
    """Rows of follow-up and examination forms with a profile of their sender."""

    def __init__(self, path: Path | None) -> None:
        from mappings.forms.profile import DEFAULT, load

        self.profile = load(path) if path else DEFAULT

    def translator(self, facility: str, ids: IdMaker, canonical_base: str) -> Translator:
        from mappings.forms.translator import translator

        return translator(self.profile, facility, ids, canonical_base=canonical_base)

    def envelope_reader(self) -> EnvelopeReader:
        from mappings.forms.translator import envelope_reader

        return envelope_reader(self.profile)

    def dissector(self) -> Dissector:
        from mappings.forms.feed import dissector

        return dissector(self.profile)

    def messages(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        from mappings.forms.feed import messages

        return messages(raw, self.profile)

    def split(self, raw: bytes, received: datetime) -> Iterator[tuple[str, bytes]]:
        from mappings.forms.feed import messages

        return messages(raw, self.profile, received)

    def to_mend(self, raw: bytes, received: datetime) -> bytes:
        from mappings.forms.mending import errors_file

        return errors_file(raw, self.profile, received)


class Dicom(Reading):
    """Headers of DICOM objects, and electrocardiograms, with a profile of their archive.

    `archive` is its name where the hub fetches its images, `wado` where it then answers for it.
    """

    archive = ""
    wado = ""

    def __init__(self, path: Path | None) -> None:
        from mappings.dicom.profile import DEFAULT, load

        self.profile = load(path) if path else DEFAULT

    def translator(self, facility: str, ids: IdMaker, canonical_base: str) -> Translator:
        from mappings.dicom.feed import translator

        return translator(
            self.profile, facility, ids, canonical_base=canonical_base, archive=self.archive, wado=self.wado
        )

    def envelope_reader(self) -> EnvelopeReader:
        from mappings.dicom.feed import envelope_reader

        return envelope_reader(self.profile)

    def dissector(self) -> Dissector:
        from mappings.dicom.feed import dissector

        return dissector(self.profile)

    def messages(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        from connectors.pacs.trim import file_without_pixels

        yield "object", file_without_pixels(raw)


class Cda(WithFacilityProfile):
    """CDA documents; of a facility profile only the zone counts."""

    def translator(self, facility: str, ids: IdMaker, canonical_base: str) -> Translator:
        from mappings.cda.feed import translator
        from mappings.cda.translator import DEFAULT_ZONE

        return translator(facility, ids, canonical_base, self.profile.zone or DEFAULT_ZONE)

    def envelope_reader(self) -> EnvelopeReader:
        from mappings.cda.feed import read_envelope

        return read_envelope

    def dissector(self) -> Dissector:
        from mappings.cda.feed import take_apart

        return take_apart

    def messages(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        yield "document", raw


#: A format is imported when a feed has it: each brings tables of its own.
_FORMATS: Final[Mapping[str, Callable[[Path | None], Reading]]] = {
    "hl7v2": HL7v2,
    "form": Form,
    "cda": Cda,
    "family": Family,
    "dicom": Dicom,
    "device": Device,
    "mhd": Mhd,
}


def reading_of(
    feed: Feed, profile: Path | None, *, wado: str = "", maps: CodeMaps = NO_MAPS, wearers: Wearers = NOBODY
) -> Reading:
    """The messages of a feed, read with a profile; `wado` is where the hub answers for the archive of its images,
    `maps` has the concept maps the profile names, `wearers` whose the devices are that readings are of.

    Raises HubError INVALID with the lines of the profile that are wrong.
    """
    reading = _FORMATS[feed.format](profile)
    reading.maps, reading.approved = maps, approved_map(feed.name)
    for url in (reading.approved, *reading.named_maps(), *feed.concept_maps):
        maps.want(url)
    if isinstance(reading, Dicom):
        reading.archive, reading.wado = feed.archive, wado
    if isinstance(reading, Device):
        reading.feed, reading.wearers = feed.name, wearers
    if isinstance(reading, HL7v2) and feed.devices:
        reading.devices, reading.wearers = feed.name, wearers
    return reading
