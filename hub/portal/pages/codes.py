"""The work queue of local codes, for integration engineers: what a code may mean, and saying what it means.

Nothing of a patient is shown: codes, their texts, and in how many messages they came.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Coded, UnmappedCode
from hub.pipeline.codes import SeenCode
from hub.pipeline.engineer import Engineer
from hub.portal.engineers import engineer
from hub.portal.moments import minute
from hub.portal.services import CodeTools
from hub.portal.visit import Visit, see_other

HOME: Final = "/codes"
#: Suggestions for one code, and codes on the page: who has answered these is shown the next.
_SUGGESTED: Final = 8
_SHOWN: Final = 200
_LONGEST: Final = 200
#: Refusals that are the engineer's to mend.
_TOLD: Final = frozenset({Category.INVALID, Category.NOT_FOUND})
#: What names a code, in the address and in the form.
_NAMES: Final = ("feed", "field", "system", "code")


async def show(visit: Visit) -> Response:
    """The codes that have no entry yet, by feed."""
    desk, who = _desk(visit)
    found = await desk.codes.find(who)
    queued = visit.request.query_params.get("queued", "")
    rows = [_row(one) for one in found[:_SHOWN]]
    queued = queued if queued.isascii() and queued.isdecimal() else ""
    return visit.render("codes.html", rows=rows, more=max(0, len(found) - _SHOWN), queued=queued)


async def one(visit: Visit) -> Response:
    """One code with what it may mean."""
    asked = {name: visit.request.query_params.get(name, "")[:_LONGEST] for name in _NAMES}
    return await _one(visit, 200, asked, "")


async def approve(visit: Visit) -> Response:
    """Say what a code means; with a reason the messages since the first that met it are converted again."""
    desk, who = _desk(visit)
    asked = {name: visit.form.get(name, "")[:_LONGEST] for name in _NAMES}
    meant, reason = _meant(visit), visit.form.get("reason", "").strip()[:_LONGEST]
    if meant is None:
        return await _one(visit, 422, asked, "codes_choose")
    try:
        done = await desk.entries.approve(who, asked["feed"], {_local(asked): meant})
        queued = len(await desk.repairs.replay(done.replay, who, reason)) if reason else 0
    except HubError as error:
        if error.category not in _TOLD:
            raise
        return await _one(visit, 422, asked, "codes_gone")
    return see_other(f"{HOME}?queued={queued}")


def _desk(visit: Visit) -> tuple[CodeTools, Engineer]:
    """The tools, and the engineer at work. Raises HubError FORBIDDEN for another role."""
    who, desk = engineer(visit), visit.services.codes
    if desk is None:
        raise HubError(Category.NOT_FOUND, "nothing maps codes here", where="URL")
    return desk, who


async def _one(visit: Visit, status: int, asked: dict[str, str], problem: str) -> Response:
    desk, who = _desk(visit)
    found = await desk.codes.find(who, feed=asked["feed"], every=True)
    seen = next((one for one in found if all(getattr(one, name) == asked[name] for name in _NAMES)), None)
    if seen is None:
        raise HubError(Category.NOT_FOUND, "no such code is in the queue", where="code")
    suggestions = await desk.entries.suggest(who, seen.feed, _local(asked), _SUGGESTED)
    told = [
        {**one.target._asdict(), "percent": round(one.score * 100), "why": visit.say.code("code_why", one.why)}
        for one in suggestions
    ]
    return visit.render("code.html", status, one=_row(seen), suggestions=told, problem=problem)


def _row(seen: SeenCode) -> dict[str, Any]:
    named = {name: getattr(seen, name) for name in _NAMES}
    return {
        **named,
        "display": seen.display,
        "count": seen.count,
        "last": minute(seen.last_seen),
        "address": f"{HOME}/one?{urlencode(named)}",
    }


def _local(asked: dict[str, str]) -> UnmappedCode:
    return UnmappedCode(field=asked["field"], code=asked["code"], system=asked["system"])


def _meant(visit: Visit) -> Coded | None:
    """The suggestion that was chosen (`system|code|display`), or what was written in its place."""
    system, _, rest = visit.form.get("meaning", "").partition("|")
    code, _, display = rest.partition("|")
    if not system:
        system, code, display = (visit.form.get(f"own_{name}", "").strip() for name in ("system", "code", "display"))
    return Coded(system[:_LONGEST], code[:_LONGEST], display[:_LONGEST]) if system and code else None
