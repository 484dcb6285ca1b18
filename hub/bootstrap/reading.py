"""What a format is to a feed: how its messages are read, with a profile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.kernel.ids import IdMaker
from hub.kernel.local_codes import local_system
from hub.kernel.ports import CodeMaps, Dissector, EnvelopeReader, Mender, Translator
from hub.kernel.types import UnmappedCode
from hub.pipeline.fhir_mask import Mask
from mappings.hl7v2.habits import NO_MAPS


class Reading(ABC):
    """How the messages of a feed are read: a format with a profile. `profile` is a dataclass with a `name`.

    What a format says nothing of: all values are masked, no local code is known, nothing of a file is to be mended.
    """

    profile: Any
    #: Whether its translator itself says what local codes mean, by names of its own fields.
    codes: bool = False
    #: The concept maps of the terminology.
    maps: CodeMaps = NO_MAPS
    #: The map of what engineers approved of the feed's local codes.
    approved: str = ""

    def files(self, path: Path, /) -> Iterable[Path]:
        """The files the profile at `path` is made of. Raises as the reading of it does."""
        return (path,)

    @abstractmethod
    def translator(self, facility: str, ids: IdMaker, canonical_base: str) -> Translator: ...

    @abstractmethod
    def envelope_reader(self) -> EnvelopeReader: ...

    @abstractmethod
    def dissector(self) -> Dissector: ...

    def mender(self) -> Mender:
        """What applies pre-processors to a message; of a format that has none: nothing does."""
        from mappings.mend import mend

        return mend

    @abstractmethod
    def messages(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        """The messages of a file or body, each with its place in it.

        Raises HubError UNREADABLE, UNSUPPORTED or TOO_LARGE for what cannot be taken apart: it is then one message.
        """

    def split(self, raw: bytes, received: datetime) -> Iterator[tuple[str, bytes]]:
        """As `messages`, of what came at an instant: a format may know clocks of senders that are wrong."""
        del received
        return self.messages(raw)

    def named_maps(self) -> tuple[str, ...]:
        """The concept maps the profile names."""
        return ()

    def masker(self, _: str, /) -> Callable[[], Mask]:
        """Gives what hides the values of resources, under a canonical base; a fresh one for each answer."""
        return lambda: Mask(frozenset(), {})

    def knows(self, code: UnmappedCode, /) -> bool:
        """Whether the profile, or the map of what engineers approved, has an entry for a local code."""
        source = local_system(code.field, code.system)
        return bool(self.approved and self.maps.targets(self.approved, code.code, source))

    def to_mend(self, _: bytes, __: datetime, /) -> bytes:
        """What a person has to mend of a file that came at an instant, as a file; b"" if nothing.

        So it is too for a format that has no such thing.
        """
        return b""


class WithFacilityProfile(Reading):
    """A format whose profile is that of the facility (`mappings.hl7v2.profile`), or its default without a file."""

    def __init__(self, path: Path | None) -> None:
        from mappings.hl7v2.profile import DEFAULT
        from mappings.hl7v2.profiles.load import load

        self.profile = load(path) if path else DEFAULT

    def files(self, path: Path, /) -> Iterable[Path]:
        from mappings.hl7v2.profiles.load import files

        return files(path)
