"""Who works at the desk of the inbox, and whose messages he may see."""

from __future__ import annotations

from dataclasses import dataclass

from hub.kernel.errors import Category, HubError


@dataclass(frozen=True, slots=True, kw_only=True)
class Engineer:
    """Who asks, as the audit keeps it; `facilities` are those whose messages he may see, None: all.

    `organization` is "" for whoever works on the machine itself: then the facility of the message stands for it.
    """

    name: str
    role: str = "integration-engineer"
    organization: str = ""
    client: str = ""
    token_id: str = ""
    address: str = ""
    request: str = ""
    facilities: frozenset[str] | None = None

    @property
    def signature(self) -> str:
        """The name as it is kept beside what he does: the same client may serve several organisations."""
        return f"{self.name}@{self.organization}" if self.organization else self.name

    def sees(self, facility: str) -> bool:
        """Whether the messages of a facility are there for him at all."""
        return self.facilities is None or facility in self.facilities

    def scope(self) -> list[str] | None:
        """The facilities as an argument of SQL; None for all."""
        return None if self.facilities is None else sorted(self.facilities)


def needs_reason(reason: str, what: str) -> None:
    """Raises HubError INVALID for a reason that says nothing."""
    if not reason.strip():
        raise HubError(Category.INVALID, f"{what} needs a reason", where="reason", todo="say why", code="reason")
