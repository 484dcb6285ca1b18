"""`/api/codes`: local codes that no profile has an entry for. Codes and their texts, never content of a patient."""

from __future__ import annotations

import dataclasses

from hub.api.asked import ENGINEERS, EngineerOf, flag, parameter
from hub.api.json_doors import Asking, Door, Told
from hub.pipeline.codes import SeenCodes


def code_doors(codes: SeenCodes, engineer: EngineerOf) -> list[Door]:
    """The work queue of local codes."""

    async def listed(ask: Asking) -> Told:
        every = parameter(ask, "all", flag, "true or false") or False
        found = await codes.find(engineer(ask), feed=ask.query.get("feed"), every=every)
        return Told(body={"codes": [dataclasses.asdict(code) for code in found]})

    return [
        Door(
            method="GET",
            path="/api/codes",
            summary="Local codes the feeds sent and their profiles have no entry for",
            roles=ENGINEERS,
            handle=listed,
            gives="SeenCodes",
            query={"feed": "Only of this feed", "all": "true: also those the profile has an entry for by now"},
        )
    ]
