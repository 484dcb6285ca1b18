"""FHIR history interaction of one resource. https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.bundle import bundle, entry, response
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import values
from hub.api.fhir.search import page_url
from hub.api.fhir.shape import shaped_page
from hub.api.services import Services
from hub.gate.pages import CURSOR
from hub.gate.parameters import unknown
from hub.gate.released import Released, ReleasedPage
from hub.kernel.errors import Category, HubError

_KNOWN: Final = frozenset({"_count", CURSOR})


async def history(services: Services, ask: Ask) -> Answer:
    """A page of versions, newest first, each judged for itself. Raises HubError NOT_FOUND, UNSUPPORTED, INVALID."""
    strangers = sorted({name for name, _ in ask.params} - _KNOWN)
    if strangers and not ask.preference.lenient:
        raise unknown(strangers)
    cursor = next(iter(values(ask.params, CURSOR)), None)
    page = await services.gate.history(ask.actor, ask.type, ask.id, count=_count(ask), cursor=cursor, origin=ask.origin)
    shown = shaped_page(page, ask.shape).matches
    entries = (_entry(services.base_url, version) for version in shown)
    links = _links(services.base_url, ask, page)
    return Answer(status=200, body=bundle("history", entries, total=page.total, links=links, updated=services.clock()))


def _count(ask: Ask) -> int | None:
    counts = values(ask.params, "_count")
    if not counts:
        return None
    if not counts[0].isdecimal() or not counts[0].isascii() or len(counts[0]) > 6 or len(counts) > 1:
        raise HubError(Category.INVALID, "is not one whole number", where="_count", code="search-value")
    return int(counts[0])


def _entry(base_url: str, version: Released) -> bytes:
    """A version with the interaction that made it: a first version counts as created at the server's id."""
    url = f"{version.type}/{version.id}"
    if version.deleted:
        request, status = {"method": "DELETE", "url": url}, "204 No Content"
    elif version.version == 1:
        request, status = {"method": "POST", "url": version.type}, "201 Created"
    else:
        request, status = {"method": "PUT", "url": url}, "200 OK"
    return entry(
        full_url=f"{base_url}/{url}",
        resource=b"" if version.deleted else version.body,
        request=request,
        response=response(status, version=version.version, updated=version.updated),
    )


def _links(base_url: str, ask: Ask, page: ReleasedPage) -> list[tuple[str, str]]:
    path = f"{ask.type}/{ask.id}/_history"
    used = [*(pair for pair in ask.params if pair[0] in _KNOWN), *ask.form]
    links = [("self", page_url(base_url, path, used))]
    if page.next is not None:
        others = [pair for pair in used if pair[0] != CURSOR]
        links.append(("next", page_url(base_url, path, [*others, (CURSOR, page.next)])))
    return links
