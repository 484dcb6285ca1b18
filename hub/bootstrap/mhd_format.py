"""The format of submissions of documents (IHE MHD) as a feed."""

from __future__ import annotations

from collections.abc import Iterator

from hub.bootstrap.reading import WithFacilityProfile
from hub.kernel.ids import IdMaker
from hub.kernel.ports import Dissector, EnvelopeReader, Translator


class Mhd(WithFacilityProfile):
    """Submissions of documents; of a facility profile only the zone counts, for the CDA documents among them."""

    def translator(self, facility: str, ids: IdMaker, canonical_base: str) -> Translator:
        from mappings.cda.translator import DEFAULT_ZONE
        from mappings.mhd.case import Sender
        from mappings.mhd.feed import translator

        zone = self.profile.zone or DEFAULT_ZONE
        return translator(Sender(facility=facility, ids=ids, canonical_base=canonical_base, zone=zone))

    def envelope_reader(self) -> EnvelopeReader:
        from mappings.mhd.feed import read_envelope

        return read_envelope

    def dissector(self) -> Dissector:
        from mappings.mhd.feed import take_apart

        return take_apart

    def messages(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        from mappings.mhd.feed import messages

        return messages(raw)
