"""`/api/relationships`: who looks after a patient, and contracts with family doctors."""

from __future__ import annotations

from typing import Final

from hub.api.json_doors import Asking, Door, Told
from hub.records.ties import Ties

PATH: Final = "/api/relationships"
#: Who ends a contract reads it first, which a feed does not.
_ENDERS: Final = ("clinician", "family-doctor")
_SIGNERS: Final = (*_ENDERS, "feed")


def relationship_doors(ties: Ties) -> list[Door]:
    """Listing relationships; signing and ending contracts."""

    async def listed(ask: Asking) -> Told:
        found = await ties.listed(ask.actor, ask.query.get("patient", ""), origin=ask.origin)
        return Told(body={"relationships": found})

    async def sign(ask: Asking) -> Told:
        made = await ties.sign(ask.actor, ask.body, origin=ask.origin)
        return Told(body=made, status=201, location=f"{PATH}/{made['id']}")

    async def end(ask: Asking) -> Told:
        return Told(body=await ties.end(ask.actor, ask.id, origin=ask.origin))

    return [
        Door(
            method="GET",
            path=PATH,
            summary="Who looks after a patient until when: of the token, or whom the reviewer names",
            roles=("patient", "proxy", "consent-reviewer"),
            handle=listed,
            gives="Relationships",
            query={"patient": "Id of a source patient (consent-reviewer)"},
        ),
        Door(
            method="POST",
            path=PATH,
            summary="Lay down a contract with a family doctor for a patient of the own facility",
            roles=_SIGNERS,
            handle=sign,
            takes="NewContract",
            gives="Contract",
            status=201,
        ),
        Door(
            method="POST",
            path=PATH + "/{id}/end",
            summary="Let a contract hold no longer",
            roles=_ENDERS,
            handle=end,
            gives="Contract",
        ),
    ]
