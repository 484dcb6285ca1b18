"""`/api/proxies` and `/api/approvals`: who acts for a patient, and what a second person or a committee approved."""

from __future__ import annotations

from typing import Final

from hub.api.json_doors import Asking, Door, Told
from hub.records.approvals import Approvals
from hub.records.proxies import Proxies

PROXIES: Final = "/api/proxies"
APPROVALS: Final = "/api/approvals"


def proxy_doors(proxies: Proxies) -> list[Door]:
    """Listing, confirming and ending proxies."""

    async def listed(ask: Asking) -> Told:
        return Told(body={"proxies": await proxies.listed(ask.actor, ask.query.get("patient", ""), origin=ask.origin)})

    async def confirm(ask: Asking) -> Told:
        made = await proxies.confirm(ask.actor, ask.body, origin=ask.origin)
        return Told(body=made, status=201, location=f"{PROXIES}/{made['id']}")

    async def end(ask: Asking) -> Told:
        return Told(body=await proxies.end(ask.actor, ask.id, origin=ask.origin))

    return [
        Door(
            method="GET",
            path=PROXIES,
            summary="Who acts for the person the token is bound to, or for the patient the reviewer names",
            roles=("patient", "consent-reviewer"),
            handle=listed,
            gives="Proxies",
            query={"patient": "Id of a source patient (consent-reviewer)"},
        ),
        Door(
            method="POST",
            path=PROXIES,
            summary="Confirm a proxy (consent-reviewer), or appoint a delegate (patient)",
            roles=("patient", "consent-reviewer"),
            handle=confirm,
            takes="NewProxy",
            gives="Proxy",
            status=201,
        ),
        Door(
            method="POST",
            path=PROXIES + "/{id}/end",
            summary="Let a proxy act no longer",
            roles=("patient", "proxy", "consent-reviewer"),
            handle=end,
            gives="Proxy",
        ),
    ]


def approval_doors(approvals: Approvals) -> list[Door]:
    """Giving and ending approvals."""

    async def give(ask: Asking) -> Told:
        made = await approvals.give(ask.actor, ask.body, origin=ask.origin)
        return Told(body=made, status=201, location=f"{APPROVALS}/{made['id']}")

    async def listed(ask: Asking) -> Told:
        return Told(body={"approvals": await approvals.listed(ask.actor, origin=ask.origin)})

    async def end(ask: Asking) -> Told:
        return Told(body=await approvals.end(ask.actor, ask.id, origin=ask.origin))

    keepers = ("consent-reviewer", "administrator")
    roles = ("clinician", "family-doctor", *keepers)
    return [
        Door(
            method="GET",
            path=APPROVALS,
            summary="What ethics committees approved, revoked approvals too",
            roles=keepers,
            handle=listed,
            gives="Approvals",
        ),
        Door(
            method="POST",
            path=APPROVALS,
            summary="Approve somebody else's request for four hours, or record an ethics committee's approval",
            roles=roles,
            handle=give,
            takes="NewApproval",
            gives="Approval",
            status=201,
        ),
        Door(
            method="POST",
            path=APPROVALS + "/{id}/end",
            summary="End one's own approval, or revoke an ethics approval",
            roles=roles,
            handle=end,
            gives="Approval",
        ),
    ]
