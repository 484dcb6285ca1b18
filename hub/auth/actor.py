"""The actor: who asks, for whom, for what purpose, as a verified token says. Frozen, and never built from a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Role, organisation and purpose of a request (`requester`, `purpose` and `form` of the consent rules, section 1).

    `organization` is a facility code (`F01`). `practitioner` is an id, or a reference when the person is not a
    Practitioner (`RelatedPerson/ma` of a proxy). `patient` is the patient a token is bound to. `break_glass` is the
    declared reason. `co_approval` names the second person. `expires` and `issued` are aware, `issued` None if nobody
    knows: a break-glass then counts as never declared. `token_id` is the token's `jti`. `grant` is the grant of the
    application that acts (`hub.auth.oauth`), None for a token of the command line and for the pages.
    """

    role: str
    purpose: tuple[str, ...]
    client: str
    token_id: str
    expires: datetime
    organization: str = ""
    practitioner: str | None = None
    patient: str | None = None
    form: str = "identified"
    scopes: tuple[str, ...] = ()
    break_glass: str | None = None
    co_approval: str | None = None
    issued: datetime | None = None
    grant: str | None = None

    @property
    def reference(self) -> str | None:
        """The reference of the person who asks; None when only the organisation is known."""
        if self.practitioner is None:
            return f"Patient/{self.patient}" if self.role == "patient" and self.patient else None
        return self.practitioner if "/" in self.practitioner else f"Practitioner/{self.practitioner}"
