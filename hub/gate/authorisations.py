"""What the authorisation server did, in the trail before it is answered (`hub.auth.oauth`)."""

from __future__ import annotations

from typing import Final

from hub.audit.deeds import Scribe
from hub.audit.entry import UNKNOWN_ORIGIN, Origin, Outcome, Requester
from hub.audit.trail import Trail
from hub.auth.oauth.desk import Event
from hub.kernel.clock import Clock

#: How the deeds of the authorisation page and of the endpoints for tokens begin.
AUTHORISATION: Final = "authorisation"
TOKEN: Final = "token"  # noqa: S105 - a name, not a secret
_REFUSALS: Final = frozenset({"refused", "reused"})


class Authorisations:
    """Records events; returns once the entry is durable. Raises HubError UNAVAILABLE."""

    def __init__(self, trail: Trail, clock: Clock) -> None:
        self._trail: Final = trail
        self._scribe: Final = Scribe(clock)

    async def record(self, deed: str, event: Event, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """An event of the page (`AUTHORISATION`) or of an endpoint (`TOKEN`)."""
        grant = event.grant
        said = {
            deed: event.what,
            "client": event.client,
            "grant": grant.id if grant else "",
            "scope": " ".join(event.scopes),
            "person": str(grant.told.get("patient", "")) if grant else "",
        }
        outcome = Outcome.REFUSED if event.what in _REFUSALS else Outcome.RELEASED
        entry = self._scribe.deed(_requester(event), said, origin=origin, reason=event.reason or None, outcome=outcome)
        await self._trail.record(entry)


def _requester(event: Event) -> Requester:
    rights = event.grant.rights if event.grant else {}
    practitioner, patient = rights.get("practitioner"), rights.get("patient")
    reference = practitioner if not practitioner or "/" in practitioner else f"Practitioner/{practitioner}"
    if reference is None and rights.get("role") == "patient" and patient:
        reference = f"Patient/{patient}"
    return Requester(
        role=rights.get("role", ""),
        organization=rights.get("organization", ""),
        client=event.client,
        token_id="",
        purpose=tuple(rights.get("purpose", ())),
        form="",
        reference=reference,
        patient=patient,
    )
