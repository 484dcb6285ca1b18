"""`/api/codes`: local codes that no profile has an entry for. Codes and their texts, never content of a patient."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final, Protocol

from hub.api.asked import ENGINEERS, EngineerOf, flag, member, members_only, parameter
from hub.api.json_doors import Asking, Door, Told
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Coded, UnmappedCode
from hub.pipeline.code_entries import CodeEntries
from hub.pipeline.codes import SeenCodes

#: Suggestions for one code.
_SUGGESTED: Final = 10


class CodeTools(Protocol):
    """What the doors need of the workbench."""

    @property
    def codes(self) -> SeenCodes: ...

    @property
    def entries(self) -> CodeEntries: ...


def code_doors(tools: CodeTools, engineer: EngineerOf) -> list[Door]:
    """The work queue of local codes: look, ask what one may mean, say what it means."""

    async def listed(ask: Asking) -> Told:
        every = parameter(ask, "all", flag, "true or false") or False
        found = await tools.codes.find(engineer(ask), feed=ask.query.get("feed"), every=every)
        return Told(body={"codes": [dataclasses.asdict(code) for code in found]})

    async def suggested(ask: Asking) -> Told:
        who, query = engineer(ask), ask.query
        local = UnmappedCode(field=query.get("field", ""), code=query.get("code", ""), system=query.get("system", ""))
        found = await tools.entries.suggest(who, query.get("feed", ""), local, _SUGGESTED)
        told = [one.target._asdict() | {"score": one.score, "why": one.why} for one in found]
        return Told(body={"suggestions": told})

    async def approved(ask: Asking) -> Told:
        who = engineer(ask)
        members_only(ask, "feed", "codes")
        meanings = dict(map(_meaning, member(ask, "codes", list, [])))
        done = await tools.entries.approve(who, member(ask, "feed", str, ""), meanings)
        return Told(body={"codes": done.codes, "version": done.version, "replay": done.replay.as_json()})

    return [
        Door(
            method="GET",
            path="/api/codes",
            summary="Local codes the feeds sent and their profiles have no entry for",
            roles=ENGINEERS,
            handle=listed,
            gives="SeenCodes",
            query={"feed": "Only of this feed", "all": "true: also those the profile has an entry for by now"},
        ),
        Door(
            method="GET",
            path="/api/codes/suggestions",
            summary="What a local code may mean, the likeliest first",
            roles=ENGINEERS,
            handle=suggested,
            gives="CodeSuggestions",
            query={"feed": "Its feed", "field": "Its field (OBX-3)", "code": "The code", "system": "As it was sent"},
        ),
        Door(
            method="POST",
            path="/api/codes/approvals",
            summary="Say what local codes mean; then replay the messages of `replay`",
            roles=ENGINEERS,
            handle=approved,
            takes="CodeMeanings",
            gives="CodesApproved",
        ),
    ]


def _meaning(told: Any) -> tuple[UnmappedCode, Coded]:
    """`{"field", "system", "code", "target": {"system", "code", "display"}}`. Raises HubError INVALID."""
    local = _texts(told, ("field", "code"), ("system",))
    target = _texts(told.get("target"), ("system", "code"), ("display",))
    return UnmappedCode(**local), Coded(**target)


def _texts(told: Any, needed: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """Members that are texts, those needed not empty. Raises HubError INVALID."""
    found = {name: told.get(name, "") for name in (*needed, *others)} if isinstance(told, dict) else {}
    if not found or not all(isinstance(text, str) for text in found.values()) or not all(found[one] for one in needed):
        what = "names no code with its meaning: field, code, target.system, target.code"
        raise HubError(Category.INVALID, what, where="body.codes", code="body")
    return found
