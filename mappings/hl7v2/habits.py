"""What the mappings know besides the message: the sender's profile, the facility, the id maker, the canonical base."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hub.kernel.ids import IdMaker
from hub.kernel.local_codes import local_system
from hub.kernel.ports import CodeMaps
from hub.kernel.types import Coded
from mappings.hl7v2.profile import DEFAULT, Coding, Profile
from mappings.hl7v2.repeated import Repeated
from mappings.hl7v2.steps.plan import Plan


class NoMaps:
    """Where no terminology is: no map tells anything."""

    revision = 0

    def want(self, _: str) -> None:
        """There is none."""

    def targets(self, _url: str, _code: str, _source: str = "") -> tuple[Coded, ...]:
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
    approved: str = ""
    repeated: Repeated = field(default_factory=Repeated, compare=False)
    plan: Plan = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Plan the steps of the profile, once for all its messages."""
        object.__setattr__(self, "plan", Plan(self.profile.steps))

    def codings(self, at: str, code: str, text: str = "", system: str = "") -> tuple[Coding, ...] | None:
        """See `codings`."""
        return codings(self.profile, self.maps, self.approved, at, code, text, system)

    def extension(self, name: str) -> str:
        """Canonical URL of an extension of the hub's own."""
        return f"{self.canonical_base}/StructureDefinition/{name}"


def codings(
    profile: Profile, maps: CodeMaps, approved: str, at: str, code: str, text: str, system: str
) -> tuple[Coding, ...] | None:
    """The codings of a local code: by the profile's own tables, else by the concept map it names for the field, else by
    the map of what engineers approved. As `Profile.codings`.
    """
    found = profile.codings(at, code, text, system)
    if found is not None or not code:
        return found
    named = profile.concept_maps.get(at)
    targets = maps.targets(named, code) if named else ()
    if not targets and approved:
        targets = maps.targets(approved, code, local_system(at, system))
    return tuple([Coding(system=one.system, code=one.code, display=one.display) for one in targets]) or None
