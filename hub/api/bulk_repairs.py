"""`/api/bulk-repairs`: many messages repaired by one rule, or replayed: previewed, then chunk by chunk."""

from __future__ import annotations

import dataclasses
from typing import Final, Protocol

from hub.api.asked import ENGINEERS, FILTER, EngineerOf, filter_of, member, members_only, steps_of
from hub.api.json_doors import Asking, Door, Handle, Told
from hub.kernel.errors import Category, HubError
from hub.pipeline.bulk import CHUNK, BulkRepairs, Rule

_PATH: Final = "/api/bulk-repairs"
#: Messages one request may look at or queue.
_MOST: Final = 1000


class BulkTools(Protocol):
    """What the doors need of the workbench."""

    @property
    def bulk(self) -> BulkRepairs: ...


def bulk_repair_doors(tools: BulkTools, engineer: EngineerOf) -> list[Door]:
    """Preview, begin, look how far it is, go on."""

    async def preview(ask: Asking) -> Told:
        who = engineer(ask)
        members_only(ask, "steps", "after", "most", *FILTER)
        after = max(member(ask, "after", int, 0), 0)
        found = await tools.bulk.preview(_rule(ask), who, after=after, most=_most(ask))
        return Told(body=dataclasses.asdict(found))

    async def begin(ask: Asking) -> Told:
        who = engineer(ask)
        members_only(ask, "steps", "reason", *FILTER)
        begun = await tools.bulk.begin(_rule(ask), who, member(ask, "reason", str, ""))
        return Told(body=dataclasses.asdict(begun), status=201, location=f"{_PATH}/{begun.id}")

    async def progress(ask: Asking) -> Told:
        return Told(body=dataclasses.asdict(await tools.bulk.progress(ask.id, engineer(ask))))

    async def advance(ask: Asking) -> Told:
        who = engineer(ask)
        members_only(ask, "most")
        return Told(body=dataclasses.asdict(await tools.bulk.advance(ask.id, who, most=_most(ask))))

    def door(
        method: str, path: str, summary: str, handle: Handle, gives: str, takes: str = "", status: int = 200
    ) -> Door:
        return Door(
            method=method,
            path=_PATH + path,
            summary=summary,
            roles=ENGINEERS,
            handle=handle,
            gives=gives,
            takes=takes,
            status=status,
            body_needed=takes != "Advance",
        )

    return [
        door("POST", "/preview", "What a rule would do with messages", preview, "BulkPreview", "BulkRule"),
        door("POST", "", "Begin a bulk repair or replay", begin, "BulkRepair", "NewBulkRepair", 201),
        door("GET", "/{id}", "How far a bulk repair is", progress, "BulkRepair"),
        door("POST", "/{id}/advance", "Do the next messages of a bulk repair", advance, "BulkRepair", "Advance"),
    ]


def _rule(ask: Asking) -> Rule:
    return Rule(only=filter_of(ask), steps=steps_of(ask))


def _most(ask: Asking) -> int:
    most = member(ask, "most", int, CHUNK)
    if not 0 < most <= _MOST:
        raise HubError(Category.INVALID, f"is not between 1 and {_MOST}", where="body.most", code="body")
    return most
