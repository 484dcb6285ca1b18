"""`/api/audit`: the tree over the audit trail, and alarms; the entries are AuditEvents under `/fhir`."""

from __future__ import annotations

from typing import Final

from hub.api.asked import number, parameter
from hub.api.json_doors import Asking, Door, Told
from hub.gate.alarms import AlarmWay
from hub.gate.proofs import TreeWay
from hub.kernel.errors import Category, HubError

PATH: Final = "/api/audit"
_AUDITOR: Final = ("auditor",)


def audit_doors(tree: TreeWay, alarms: AlarmWay) -> list[Door]:
    """The doors of those who hold the trail against what was signed."""

    async def checkpoint(ask: Asking) -> Told:
        return Told(body=await tree.checkpoint(ask.actor, origin=ask.origin))

    async def consistency(ask: Asking) -> Told:
        first, second = _size(ask, "first"), _size(ask, "second")
        return Told(body=await tree.consistency(ask.actor, first, second, origin=ask.origin))

    async def inclusion(ask: Asking) -> Told:
        return Told(body=await tree.inclusion(ask.actor, ask.query.get("event", ""), origin=ask.origin))

    async def newest(ask: Asking) -> Told:
        return Told(body={"alarms": await alarms.newest(ask.actor, origin=ask.origin)})

    return [
        Door(
            method="GET",
            path=PATH + "/alarms",
            summary="The newest hundred alarms over the audit trail, newest first",
            roles=_AUDITOR,
            handle=newest,
            gives="Alarms",
        ),
        Door(
            method="GET",
            path=PATH + "/checkpoint",
            summary="The newest signed checkpoint of the tree over the audit trail",
            roles=_AUDITOR,
            handle=checkpoint,
            gives="Checkpoint",
        ),
        Door(
            method="GET",
            path=PATH + "/proof/consistency",
            summary="The proof that a later tree continues an earlier one (RFC 6962)",
            roles=_AUDITOR,
            handle=consistency,
            gives="ConsistencyProof",
            query={"first": "Size of the earlier tree", "second": "Size of the later, one that was signed"},
        ),
        Door(
            method="GET",
            path=PATH + "/proof/inclusion",
            summary="The leaf of an AuditEvent, and the proof that it is in the tree (RFC 6962)",
            roles=(*_AUDITOR, "patient", "proxy"),
            handle=inclusion,
            gives="InclusionProof",
            query={"event": "Id of an AuditEvent the requester may read"},
        ),
    ]


def _size(ask: Asking, name: str) -> int:
    found = parameter(ask, name, number, "a number of leaves")
    if found is None:
        raise HubError(Category.INVALID, "is missing", where=name, code="search-value")
    return found
