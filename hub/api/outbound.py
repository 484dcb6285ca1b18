"""What engineers may ask of outbound feeds: where they stand, what did not arrive, and to send it again. No content."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.api.asked import ENGINEERS, EngineerOf, number, parameter
from hub.api.json_doors import Asking, Door, Told
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.outbound.desk import OutboundDesk

_FEEDS: Final = "/api/outbound-feeds"
_MESSAGES: Final = "/api/outbound-messages"
_STATES: Final = frozenset({"waiting", "done", "dead"})
_QUERY: Final = {
    "feed": "Only of this feed",
    "state": "Only in this state: waiting, done or dead",
    "before": "Only messages with a lower number",
}


def outbound_doors(desk: OutboundDesk, engineer: EngineerOf, facilities: Mapping[str, str]) -> list[Door]:
    """Feeds, messages, and the door through which dead letters are sent again.

    `facilities` gives the receiving facility of each configured feed; an engineer has to do with those of his own.
    """

    def among(asking: Asking) -> list[str] | None:
        who = engineer(asking)
        return None if who.facilities is None else [name for name, code in facilities.items() if who.sees(code)]

    async def feeds(asking: Asking) -> Told:
        return Told(body={"feeds": _rows(await desk.feeds(among(asking)))})

    async def messages(asking: Asking) -> Told:
        seen, state = among(asking), asking.query.get("state")
        if state is not None and state not in _STATES:
            raise HubError(Category.INVALID, "is no state", where="state", todo="waiting, done or dead")
        before = parameter(asking, "before", number, "a number")
        found = await desk.messages(feed=asking.query.get("feed"), state=state, before=before, among=seen)
        return Told(body={"messages": _rows(found)})

    async def resend(asking: Asking) -> Told:
        seen = among(asking)
        return Told(body={"resent": await desk.resend([_number(asking.id)], among=seen)})

    roles = ENGINEERS
    return [
        Door(
            method="GET",
            path=_FEEDS,
            summary="Outbound feeds: how their receivers fare, and how many messages wait, arrived and were laid aside",
            roles=roles,
            handle=feeds,
            gives="OutboundFeeds",
        ),
        Door(
            method="GET",
            path=_MESSAGES,
            summary="Outbound messages, newest first, at most 100; their content is not kept",
            roles=roles,
            handle=messages,
            gives="OutboundMessages",
            query=_QUERY,
        ),
        Door(
            method="POST",
            path=_MESSAGES + "/{id}/resend",
            summary="Send a dead letter again, as it may be told now",
            roles=roles,
            handle=resend,
            gives="Resent",
        ),
    ]


def _number(text: str) -> int:
    try:
        return number(text)
    except ValueError:
        raise HubError(Category.NOT_FOUND, "no such message", where="number") from None


def _rows(found: Sequence[Any]) -> list[Json]:
    return [{name: _plain(value) for name, value in dataclasses.asdict(one).items()} for one in found]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
