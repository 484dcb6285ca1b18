"""What the mappings know besides the message: the sender's profile, the facility, the id maker, the canonical base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.kernel.ids import IdMaker
from hub.kernel.ports import CodeMaps
from hub.kernel.types import Coded
from mappings.hl7v2.profile import DEFAULT, Coding, Profile


class NoMaps:
    """Where no terminology is: no map tells anything."""

    def want(self, _: str) -> None:
        """There is none."""

    def targets(self, _: str, __: str) -> tuple[Coded, ...]:
        """None."""
        return ()

    async def refresh(self) -> None:
        """Nothing changes."""


NO_MAPS: Final[CodeMaps] = NoMaps()

CANONICAL_BASE = "https://yilian-hub.example/fhir"
#: Offset of a sender whose profile names none and whose message states none.
DEFAULT_ZONE = "+08:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """One sender, as the mappings see it."""

    facility: str
    ids: IdMaker
    canonical_base: str = CANONICAL_BASE
    profile: Profile = DEFAULT
    maps: CodeMaps = NO_MAPS

    def codings(self, at: str, code: str, text: str = "", system: str = "") -> tuple[Coding, ...] | None:
        """The codings of a local code by the profile, else by the concept map it names; as `Profile.codings`."""
        return codings(self.profile, self.maps, at, code, text, system)

    def extension(self, name: str) -> str:
        """Canonical URL of an extension of the hub's own."""
        return f"{self.canonical_base}/StructureDefinition/{name}"


def codings(
    profile: Profile, maps: CodeMaps, at: str, code: str, text: str = "", system: str = ""
) -> tuple[Coding, ...] | None:
    """The codings of a local code by the profile's own tables, else by the concept map it names for the field."""
    found = profile.codings(at, code, text, system)
    if found is not None or at not in profile.concept_maps or not code:
        return found
    targets = maps.targets(profile.concept_maps[at], code)
    return tuple([Coding(system=one.system, code=one.code, display=one.display) for one in targets]) or None
