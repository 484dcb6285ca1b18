"""`/api/objections`, `/api/break-glass` and `/api/approvals/requests`: what waits for a reviewer or a colleague."""

from __future__ import annotations

from typing import Final

from hub.api.json_doors import Asking, Door, Told
from hub.gate.gate import Gate
from hub.kernel.errors import Category, HubError
from hub.records.glass_reviews import GlassReviews
from hub.records.objections import Objections
from hub.records.second_requests import SecondRequests

OBJECTIONS: Final = "/api/objections"
GLASS: Final = "/api/break-glass"
SECONDS: Final = "/api/approvals/requests"
_PERSONAL: Final = ("patient", "proxy")
_REVIEWER: Final = ("consent-reviewer",)
_CLINICAL: Final = ("clinician", "family-doctor")


def objection_doors(objections: Objections, gate: Gate) -> list[Door]:
    """Objecting to a look, and answering."""

    async def listed(ask: Asking) -> Told:
        return Told(body={"objections": await objections.listed(ask.actor, origin=ask.origin)})

    async def opened(ask: Asking) -> Told:
        event = ask.body.get("event")
        if not isinstance(event, str) or ask.body.keys() - {"event", "reason"}:
            raise HubError(
                Category.INVALID, "is not taken here", where="body", todo='send {"event": ID, "reason": TEXT}'
            )
        # Only what the gate shows can be objected to.
        await gate.read(ask.actor, "AuditEvent", event, origin=ask.origin)
        made = await objections.open(ask.actor, event, ask.body.get("reason"), origin=ask.origin)
        return Told(body=made, status=201)

    async def answer(ask: Asking) -> Told:
        finding, text = ask.body.get("finding"), ask.body.get("text")
        return Told(body=await objections.answer(ask.actor, ask.id, finding, text, origin=ask.origin))

    return [
        Door(
            method="GET",
            path=OBJECTIONS,
            summary="Objections to looks: the person's own, or for the reviewer all",
            roles=(*_PERSONAL, *_REVIEWER),
            handle=listed,
            gives="Objections",
        ),
        Door(
            method="POST",
            path=OBJECTIONS,
            summary="Object to the look that an AuditEvent tells of",
            roles=_PERSONAL,
            handle=opened,
            takes="NewObjection",
            gives="Objection",
            status=201,
        ),
        Door(
            method="POST",
            path=OBJECTIONS + "/{id}/answer",
            summary="The finding on an objection; the patient is told",
            roles=_REVIEWER,
            handle=answer,
            takes="Finding",
            gives="Objection",
        ),
    ]


def glass_doors(reviews: GlassReviews) -> list[Door]:
    """The queue of records opened by break-glass."""

    async def listed(ask: Asking) -> Told:
        return Told(body={"openings": await reviews.listed(ask.actor, origin=ask.origin)})

    async def review(ask: Asking) -> Told:
        finding, text = ask.body.get("finding"), ask.body.get("text")
        return Told(body=await reviews.review(ask.actor, ask.id, finding, text, origin=ask.origin))

    return [
        Door(
            method="GET",
            path=GLASS,
            summary="Records opened by break-glass, those that wait for review first",
            roles=_REVIEWER,
            handle=listed,
            gives="Openings",
        ),
        Door(
            method="POST",
            path=GLASS + "/{id}/review",
            summary="The finding on an opening; the patient is told",
            roles=_REVIEWER,
            handle=review,
            takes="Finding",
            gives="Opening",
        ),
    ]


def second_doors(seconds: SecondRequests) -> list[Door]:
    """Asking a colleague for a second approval, and answering."""

    async def listed(ask: Asking) -> Told:
        return Told(body={"requests": await seconds.listed(ask.actor, origin=ask.origin)})

    async def opened(ask: Asking) -> Told:
        return Told(body=await seconds.ask(ask.actor, ask.body, origin=ask.origin), status=201)

    async def answer(ask: Asking) -> Told:
        agree = ask.body.get("agree")
        if not isinstance(agree, bool) or ask.body.keys() != {"agree"}:
            raise HubError(Category.INVALID, "is not taken here", where="body", todo='send {"agree": true} or false')
        return Told(body=await seconds.answer(ask.actor, ask.id, agree=agree, origin=ask.origin))

    return [
        Door(
            method="GET",
            path=SECONDS,
            summary="Requests for a second approval in the own legal entity",
            roles=_CLINICAL,
            handle=listed,
            gives="SecondRequests",
        ),
        Door(
            method="POST",
            path=SECONDS,
            summary="Ask a colleague to approve a look at what is very restricted, for the purposes of the token",
            roles=_CLINICAL,
            handle=opened,
            takes="NewSecondRequest",
            gives="SecondRequest",
            status=201,
        ),
        Door(
            method="POST",
            path=SECONDS + "/{id}/answer",
            summary="Approve for four hours, or refuse; nobody answers their own",
            roles=_CLINICAL,
            handle=answer,
            takes="Answer",
            gives="SecondRequest",
        ),
    ]
