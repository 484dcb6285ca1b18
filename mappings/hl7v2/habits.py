"""What the mappings know besides the message: the sender's profile, the facility, the id maker, the canonical base."""

from __future__ import annotations

from dataclasses import dataclass

from hub.kernel.ids import IdMaker
from mappings.hl7v2.profile import DEFAULT, Profile

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

    def extension(self, name: str) -> str:
        """Canonical URL of an extension of the hub's own."""
        return f"{self.canonical_base}/StructureDefinition/{name}"
