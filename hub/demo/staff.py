"""Who works in the consortium of the demo, and who somebody is to the hub."""

from __future__ import annotations

from dataclasses import dataclass

from hub.demo.story import data


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One fictional member of staff; `id` is that of the Practitioner, `role` one of the consent rules."""

    id: str
    name: str
    facility: str
    role: str
    title: str

    @property
    def reference(self) -> str:
        return f"Practitioner/{self.id}"


def staff() -> dict[str, Staff]:
    """The staff by key."""
    return {key: Staff(**row) for key, row in data("staff.yaml").items()}
