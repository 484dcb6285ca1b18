"""A draft in the making: the resource as far as the fields of a message have filled it, and whose it is."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct, field

from hub.kernel.types import Draft, Json

#: The defaults of most drafts.
_NONE: Final[Json] = {}


class Building(Struct):
    """A draft in the making. `stood`: its resource as JSON when the fields that named it first were read."""

    resource: Json
    authority: str
    key: str
    patient: str | None
    merge: Literal["overlay", "replace"] = "overlay"
    clears: dict[str, None] = field(default_factory=dict)
    defaults: Json = field(default_factory=dict)
    formerly: tuple[str, ...] = ()
    administration: bool = False
    stood: bytes = b""

    @property
    def reference(self) -> Json:
        return {"reference": f"{self.resource['resourceType']}/{self.resource['id']}"}

    def finished(self) -> Draft:
        """The draft; an element that was also stated is not cleared, nor has it a default."""
        stated = self.resource
        return Draft(
            resource=stated,
            authority=self.authority,
            key=self.key,
            patient=self.patient,
            merge=self.merge,
            clears=tuple([name for name in self.clears if name not in stated and f"_{name}" not in stated]),
            defaults={name: value for name, value in self.defaults.items() if name not in stated} or _NONE,
            formerly=self.formerly,
            administration=self.administration,
        )
