"""`/api/audit`: the tree over the audit trail, alarms, and reports; the entries are AuditEvents under `/fhir`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final

from hub.api.asked import instant, number, parameter
from hub.api.json_doors import Asking, Door, Told
from hub.fhir.temporal import CHINA
from hub.gate.alarms import AlarmWay
from hub.gate.proofs import TreeWay
from hub.gate.reports import ReportWay
from hub.kernel.errors import Category, HubError

PATH: Final = "/api/audit"
_AUDITOR: Final = ("auditor",)


def audit_doors(tree: TreeWay, alarms: AlarmWay, reports: ReportWay) -> list[Door]:
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

    async def report(ask: Asking) -> Told:
        low, high = _moment(ask, "from"), _moment(ask, "to")
        return Told(body=await reports.made(ask.actor, ask.query.get("patient", ""), low, high, origin=ask.origin))

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
        Door(
            method="GET",
            path=PATH + "/report",
            summary="Who did what with a patient's record on which basis in a period, every entry with its proof",
            roles=(*_AUDITOR, "patient", "proxy"),
            handle=report,
            gives="AuditReport",
            query={
                "patient": "Id of a Patient or person (auditor; for a patient or proxy it is that of the token)",
                "from": "First day (in +08:00), or an instant with its offset",
                "to": "End, not included: a day or an instant",
            },
        ),
    ]


def _moment(ask: Asking, name: str) -> datetime:
    found = parameter(ask, name, moment_of, "a day such as 2026-11-24, or an instant with its offset")
    if found is None:
        raise HubError(Category.INVALID, "is missing", where=name, code="search-value")
    return found


def moment_of(text: str) -> datetime:
    """An instant with its offset, or the first one of a day in +08:00. Raises ValueError."""
    is_day = len(text) == len("2026-11-24")
    found = datetime.combine(date.fromisoformat(text), time(), CHINA) if is_day else instant(text)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError from None


def _size(ask: Asking, name: str) -> int:
    found = parameter(ask, name, number, "a number of leaves")
    if found is None:
        raise HubError(Category.INVALID, "is missing", where=name, code="search-value")
    return found
