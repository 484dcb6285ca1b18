"""`/api/consents/requests` and `/api/notices`: what is asked of a patient, and what she is told."""

from __future__ import annotations

from typing import Final

from hub.api.json_doors import Asking, Door, Told
from hub.kernel.errors import Category, HubError
from hub.records.consent_requests import ConsentRequests
from hub.records.notice_board import NoticeBoard

REQUESTS: Final = "/api/consents/requests"
NOTICES: Final = "/api/notices"
_PERSONAL: Final = ("patient", "proxy")
_ASKERS: Final = ("clinician", "family-doctor")


def request_doors(requests: ConsentRequests) -> list[Door]:
    """Asking for a consent, and answering."""

    async def ask(asking: Asking) -> Told:
        return Told(body=await requests.ask(asking.actor, asking.body, origin=asking.origin), status=201)

    async def listed(asking: Asking) -> Told:
        return Told(body={"requests": await requests.listed(asking.actor, origin=asking.origin)})

    async def answer(asking: Asking) -> Told:
        agree = asking.body.get("agree")
        if not isinstance(agree, bool) or asking.body.keys() != {"agree"}:
            raise HubError(Category.INVALID, "is not taken here", where="body", todo='send {"agree": true} or false')
        return Told(body=await requests.answer(asking.actor, asking.id, agree=agree, origin=asking.origin))

    return [
        Door(
            method="GET",
            path=REQUESTS,
            summary="What is asked of the person the token is bound to, or what the clinician has asked",
            roles=(*_PERSONAL, *_ASKERS),
            handle=listed,
            gives="ConsentRequests",
        ),
        Door(
            method="POST",
            path=REQUESTS,
            summary="Ask a patient to let the own facility see something; the answer tells nothing of the patient",
            roles=_ASKERS,
            handle=ask,
            takes="NewConsentRequest",
            gives="ConsentRequest",
            status=201,
        ),
        Door(
            method="POST",
            path=REQUESTS + "/{id}/answer",
            summary="Agree, which gives the consent, or refuse",
            roles=_PERSONAL,
            handle=answer,
            takes="Answer",
            gives="ConsentRequest",
        ),
    ]


def notice_doors(board: NoticeBoard) -> list[Door]:
    """What a patient and who acts for her are told."""

    async def listed(asking: Asking) -> Told:
        return Told(body={"notices": await board.listed(asking.actor, origin=asking.origin)})

    async def seen(asking: Asking) -> Told:
        await board.seen(asking.actor, origin=asking.origin)
        return await listed(asking)

    return [
        Door(
            method="GET",
            path=NOTICES,
            summary="Notices, newest first: consents and proxies changed by others, requests, emergencies, answers",
            roles=_PERSONAL,
            handle=listed,
            gives="Notices",
        ),
        Door(
            method="POST",
            path=NOTICES + "/seen",
            summary="All notices have been seen",
            roles=_PERSONAL,
            handle=seen,
            gives="Notices",
        ),
    ]
