"""Beside FHIR: the WebSocket of subscriptions, and the list of topics for people."""

from __future__ import annotations

from typing import Final

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from hub.api.json_doors import Asking, Door, Told
from hub.auth.roles import ROLES
from hub.events.sockets import Sockets
from hub.events.topics import TOPICS

#: Below the base of the FHIR API, so that one address of a proxy is enough.
PATH: Final = "/fhir/$subscriptions"
TOPIC_LIST: Final = "/api/subscription-topics"
#: RFC 6455, 7.4.1.
_GOING: Final = 1000


def websocket_route(sockets: Sockets) -> WebSocketRoute:
    """Where clients bind their subscriptions. Nothing is told before a token is shown."""

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()

        async def receive() -> str | None:
            try:
                return await socket.receive_text()
            except (WebSocketDisconnect, KeyError):
                return None

        await sockets.serve(receive, socket.send_text)
        if socket.client_state is WebSocketState.CONNECTED:
            await socket.close(_GOING)

    return WebSocketRoute(PATH, endpoint)


def topic_doors(canonical_base: str) -> list[Door]:
    """`GET /api/subscription-topics`."""

    async def listed(_: Asking) -> Told:
        return Told(body={"topics": [topic.as_resource(canonical_base) for topic in TOPICS.values()]})

    return [
        Door(
            method="GET",
            path=TOPIC_LIST,
            summary="What one can be told of: topics with the parameters they can be filtered by",
            roles=tuple(ROLES),
            handle=listed,
            gives="SubscriptionTopics",
        )
    ]
