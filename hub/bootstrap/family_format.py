"""The format of family-doctor records, as `hub.bootstrap.formats` has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.bootstrap.reading import Reading
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import Dissector, EnvelopeReader, Translator


@dataclass(frozen=True, slots=True)
class _NoProfile:
    """The format has none: its records look alike everywhere."""

    name: str = "default"


class Family(Reading):
    """Records of family-doctor systems; they have no profile."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            todo = "leave the profile out"
            raise HubError(Category.UNSUPPORTED, "feeds of format family have none", where=str(path), todo=todo)
        self.profile = _NoProfile()

    def translator(self, facility: str, ids: IdMaker, canonical_base: str) -> Translator:
        from mappings.family.translate import translator

        return translator(facility, ids, canonical_base, self.maps)

    def envelope_reader(self) -> EnvelopeReader:
        from mappings.family.translate import read_envelope

        return read_envelope

    def dissector(self) -> Dissector:
        from mappings.family.translate import take_apart

        return take_apart

    def messages(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        return self._messages(raw, None)

    def split(self, raw: bytes, received: datetime) -> Iterator[tuple[str, bytes]]:
        return self._messages(raw, received)

    def _messages(self, raw: bytes, received: datetime | None) -> Iterator[tuple[str, bytes]]:
        from mappings.family.translate import messages

        return messages(raw, received)
