"""`/api/messages`: the inbox as engineers see it."""

from __future__ import annotations

import dataclasses

from hub.api.asked import ENGINEERS, EngineerOf
from hub.api.json_doors import Asking, Door, Told
from hub.pipeline.messages import Messages


def message_doors(messages: Messages, engineer: EngineerOf) -> list[Door]:
    """How many messages of each feed are in each state."""

    async def summary(ask: Asking) -> Told:
        counts = await messages.counts(engineer(ask))
        return Told(body={"messages": [dataclasses.asdict(count) for count in counts]})

    return [
        Door(
            method="GET",
            path="/api/messages/summary",
            summary="How many messages of each feed are in each state",
            roles=ENGINEERS,
            handle=summary,
            gives="MessageCounts",
        )
    ]
