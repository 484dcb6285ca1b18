"""`GET /api/search-parameters`: how far the index is with what it does not hold of the whole record yet."""

from __future__ import annotations

from dataclasses import asdict

from hub.api.json_doors import Asking, Door, Told
from hub.auth.roles import ADMINISTRATOR
from hub.kernel.errors import Category, HubError
from hub.records.indexing import Indexing


def indexing_doors(indexing: Indexing) -> list[Door]:
    """The door of administrators."""

    async def progress(ask: Asking) -> Told:
        if ask.actor.role != ADMINISTRATOR:
            todo = f"use a token of role {ADMINISTRATOR}"
            raise HubError(Category.FORBIDDEN, "is for administrators", where="role", todo=todo, code="role")
        return Told(body={"indexed": [asdict(one) for one in await indexing.progress()]})

    return [
        Door(
            method="GET",
            path="/api/search-parameters",
            summary="How far the index is with new search parameters, and with types an earlier release indexed",
            roles=(ADMINISTRATOR,),
            handle=progress,
            gives="IndexProgress",
        )
    ]
