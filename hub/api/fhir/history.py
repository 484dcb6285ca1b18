"""FHIR history interaction of one resource, of a type, of the system. https://hl7.org/fhir/R4/http.html#history

`meta.lastUpdated` of a page is the instant to ask from next time (`_since`): everything made before it was there.
"""

from __future__ import annotations

from msgspec.structs import replace

from hub.api.fhir.bundle import bundle, entry, response
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import asked, bad_request, values
from hub.api.fhir.search import links_of
from hub.api.fhir.shape import shaped_page
from hub.api.services import Services
from hub.gate.pages import CURSOR
from hub.gate.released import Released, ReleasedPage
from hub.gate.spans import HistoryWish, read_span
from hub.kernel.errors import HubError


async def history(services: Services, ask: Ask) -> Answer:
    """A page of versions of one resource, newest first. Raises HubError NOT_FOUND, UNSUPPORTED, INVALID."""
    wish = _read(services, ask)
    cursor = next(iter(values(ask.params, CURSOR)), None)
    page = await services.gate.history(
        ask.actor, ask.type, ask.id, count=wish.count, cursor=cursor, span=wish.span, origin=ask.origin
    )
    return _answer(services, ask, replace(page, ignored=wish.ignored))


async def histories(services: Services, ask: Ask) -> Answer:
    """A page of versions of all resources of a type, or of all types. Also raises what a search raises."""
    lenient = ask.preference.lenient
    page = services.gate.histories(ask.actor, ask.type or None, ask.params, lenient=lenient, origin=ask.origin)
    return _answer(services, ask, await asked(page))


def _read(services: Services, ask: Ask) -> HistoryWish:
    try:
        wanted = [pair for pair in ask.params if pair[0] != CURSOR]
        return read_span(wanted, now=services.clock(), lenient=ask.preference.lenient)
    except HubError as error:
        raise bad_request(error) from None


def _answer(services: Services, ask: Ask, page: ReleasedPage) -> Answer:
    path = "/".join(part for part in (ask.type, ask.id, "_history") if part)
    entries = (_entry(services.base_url, version) for version in shaped_page(page, ask.shape).matches)
    links = links_of(services.base_url, path, [*ask.params, *ask.form], page)
    return Answer(status=200, body=bundle("history", entries, total=page.total, links=links, updated=page.as_of))


def _entry(base_url: str, version: Released) -> bytes:
    """A version with the interaction that made it: a first version counts as created at the server's id, one that
    followed a deletion as created at the client's.
    """
    url = f"{version.type}/{version.id}"
    if version.deleted:
        request, status = {"method": "DELETE", "url": url}, "204 No Content"
    elif version.version == 1:
        request, status = {"method": "POST", "url": version.type}, "201 Created"
    else:
        request, status = {"method": "PUT", "url": url}, "201 Created" if version.revived else "200 OK"
    return entry(
        full_url=f"{base_url}/{url}",
        resource=b"" if version.deleted else version.body,
        request=request,
        response=response(status, version=version.version, updated=version.updated),
    )
