"""Who did what with a record in a period, and on which basis: for the patient her own, for an auditor any.

The page counts; the file has every entry with its proof, and is checked by `yilian audit verify`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from starlette.responses import Response

from hub.fhir.json import dumps
from hub.fhir.temporal import CHINA
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal import security
from hub.portal.moments import day, parsed_date
from hub.portal.pages.looked import names_of
from hub.portal.visit import Visit

AUDITOR: Final = "auditor"
#: What the page begins with, in days.
_MONTH: Final = 30
#: What is told on the page, and is no failure of the hub.
_TOLD: Final = {
    Category.NOT_FOUND: "report_too_early",
    Category.TOO_LARGE: "report_too_long",
    Category.INVALID: "report_wrong",
}


async def show(visit: Visit) -> Response:
    """The form and, where it is filled in, what the trail says."""
    asked = _asked(visit)
    found: Json | None = None
    problem = ""
    if "from" in visit.request.query_params or visit.signed_in.account.role != AUDITOR:
        try:
            found = await _report(visit, asked)
        except HubError as error:
            if error.category not in _TOLD:
                raise
            problem = _TOLD[error.category]
    names = await names_of(visit, {one["who"] for one in found["shares"]}) if found else {}
    shares = [_words(visit, one, names) for one in found["shares"]] if found else []
    return visit.render(
        "report.html", 422 if problem else 200, asked=asked, found=found, shares=shares, problem=problem
    )


async def file(visit: Visit) -> Response:
    """The document, to keep and to verify."""
    found = await _report(visit, _asked(visit))
    headers = {**security.HEADERS, "content-disposition": 'attachment; filename="report.json"'}
    return Response(dumps(found["document"]), headers=headers, media_type="application/json")


def _asked(visit: Visit) -> dict[str, str]:
    """What is asked for: `patient`, `from` and `to` (days, the last one included)."""
    given = visit.request.query_params
    today = visit.services.clock()
    return {
        "patient": given.get("patient", "").strip(),
        "from": given.get("from", day(today - timedelta(days=_MONTH))),
        "to": given.get("to", day(today)),
    }


async def _report(visit: Visit, asked: Mapping[str, str]) -> Json:
    low, last = _midnight(asked["from"]), _midnight(asked["to"])
    high = last + timedelta(days=1)
    return await visit.services.gate.reports.made(visit.actor(), asked["patient"], low, high, origin=visit.origin)


def _midnight(text: str) -> datetime:
    """The first instant of a day of this century, or the last. Raises HubError INVALID."""
    found = parsed_date(text)
    if found is None or not 1900 < found.year < 3000:
        raise HubError(Category.INVALID, "is no day", where="form")
    return datetime.combine(found, time(), CHINA).astimezone(UTC)


def _words(visit: Visit, one: Json, names: Mapping[str, str]) -> Json:
    say = visit.say
    interaction, _, kind = one["what"].partition(" ")
    return {
        "name": names.get(one["who"], ""),
        "role": say.code("role", one["role"], one["role"]),
        "facility": visit.services.directory.name(one["organization"]) or one["organization"],
        "did": say.code("interaction", interaction, interaction),
        "kind": kind,
        "refused": one["outcome"] == "refused",
        "emergency": bool(one["emergency"]),
        "basis": say("list_comma").join(say.code("basis", word, word) for word in one["basis"].split()),
        "count": one["count"],
    }
