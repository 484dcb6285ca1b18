"""The format of device readings, as `hub.bootstrap.formats` has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from hub.bootstrap.reading import Reading
from hub.kernel.clock import system_clock
from hub.kernel.devices import NOBODY, Wearers
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import Dissector, EnvelopeReader, Translator


class Device(Reading):
    """Readings of devices; the profile is the map of their vendor. `feed` is its name, `wearers` whose devices are."""

    feed = ""
    wearers: Wearers = NOBODY

    def __init__(self, path: Path | None) -> None:
        from mappings.devices.vendormap import load

        if path is None:
            todo = "name the file of a vendor map"
            raise HubError(Category.INVALID, "a feed of format device needs one", where="profile", todo=todo)
        self.profile = load(path)

    def translator(self, facility: str, ids: IdMaker, canonical_base: str) -> Translator:  # noqa: ARG002
        from mappings.devices.feed import translator

        return translator(self.feed, self.profile, self.wearers, facility, ids)

    def envelope_reader(self) -> EnvelopeReader:
        from mappings.devices.feed import envelope_reader

        return envelope_reader(self.profile)

    def dissector(self) -> Dissector:
        from mappings.devices.feed import dissector

        return dissector(self.profile)

    def devices(self, raw: bytes) -> frozenset[str]:
        """The numbers of the devices that a payload has readings of. Raises HubError UNREADABLE."""
        from mappings.devices.feed import devices

        return devices(raw, self.profile)

    def messages(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        return self.split(raw, system_clock())

    def split(self, raw: bytes, received: datetime) -> Iterator[tuple[str, bytes]]:
        from mappings.devices.feed import messages

        return messages(raw, self.profile, received)
