"""FHIR search interaction, by GET or by POST _search, on a type or on all. https://hl7.org/fhir/R4/http.html#search"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hub.api.fhir.bundle import bundle, entry, found_entries
from hub.api.fhir.exchange import Answer, Ask, Params
from hub.api.fhir.parameters import asked
from hub.api.fhir.shape import shaped_page
from hub.api.services import Services
from hub.fhir.json import dumps
from hub.fhir.outcome import operation_outcome
from hub.gate.explain import EXPLAIN
from hub.gate.pages import CURSOR
from hub.gate.parameters import invalid
from hub.gate.released import ReleasedPage
from hub.kernel.query_strings import encoded
from hub.kernel.types import Issue

_INCLUDES: Final = frozenset({"_include", "_revinclude"})


async def search(services: Services, ask: Ask) -> Answer:
    """A searchset page: matches, then includes, with links `self` and `next`. The total counts what is permitted.

    Raises HubError UNSUPPORTED naming an unknown parameter (lenient: it is left out and said so in the page),
    INVALID for an unreadable value. With `_explain` it is not run but explained, to operators.
    """
    if any(name == EXPLAIN for name, _ in ask.params):
        told = await asked(services.gate.explain(ask.actor, ask.type or None, ask.params, origin=ask.origin))
        return Answer(status=200, body=dumps(told))
    return await answered(services, ask, ask.type, ask.params)


async def answered(services: Services, ask: Ask, path: str, params: Params) -> Answer:
    """A page that was asked for as `path`, below the base, with `params` and those of the form."""
    lenient = ask.preference.lenient
    _refuse_includes(ask)
    wanted = stated(ask.searched)
    page = await asked(services.gate.search(ask.actor, ask.type or None, wanted, lenient=lenient, origin=ask.origin))
    page = shaped_page(page, ask.shape)
    return Answer(status=200, body=searchset(services, path, stated([*params, *ask.form]), page))


def stated(params: Params) -> Params:
    """Without empty parameters, which are no error (R4 search.html 3.1.1.3); but to leave out types asks for all."""
    return [(name, value) for name, value in params if value or name == "_type"]


def _refuse_includes(ask: Ask) -> None:
    """Raises HubError INVALID for an include beside `_summary=text`, as R4 has it (search.html#summary)."""
    including = any(name.partition(":")[0] in _INCLUDES for name, _ in ask.params)
    if including and ask.shape is not None and ask.shape.summary == "text":
        raise invalid("text cannot be asked for with an include", "_summary")


def searchset(services: Services, path: str, params: Params, page: ReleasedPage) -> bytes:
    """A page as a Bundle. `path` and `params` are what was asked for, below the base."""
    return bundle(
        "searchset",
        _entries(services.base_url, page),
        total=page.total,
        links=links_of(services.base_url, path, params, page),
        updated=services.clock(),
    )


def on_one_page(
    services: Services,
    ask: Ask,
    path: str,
    found: Sequence[bytes],
    ignored: Sequence[str],
    *,
    total: int | None = None,
    more: str = "",
) -> bytes:
    """A searchset of what is kept apart from the record; `ignored` parameters were left out.

    It is all that was found, unless there is `more`: the cursor of the next page, of `total` altogether.
    """
    told = operation_outcome(_ignored(ignored)) if ignored else None
    entries = [*found, *([] if told is None else [entry(resource=dumps(told), search="outcome")])]
    used = [(name, value) for name, value in (*ask.params, *ask.form) if name not in ignored]
    links = [("self", page_url(services.base_url, path, used))]
    if more:
        links.append(("next", page_url(services.base_url, path, [*_without_cursor(used), (CURSOR, more)])))
    total = len(found) if total is None else total
    return bundle("searchset", entries, total=total, links=links, updated=services.clock())


def _entries(base_url: str, page: ReleasedPage) -> list[bytes]:
    found = found_entries(base_url, "match", page.matches)
    if page.included:
        found += found_entries(base_url, "include", page.included)
    told = [*_ignored(page.ignored), *_partial(page.partial)]
    if told:
        found.append(entry(resource=dumps(operation_outcome(told)), search="outcome"))
    return found


def _ignored(names: Sequence[str]) -> Iterable[Issue]:
    if names:
        text = f"parameters left out: {', '.join(names)}"
        yield Issue(severity="warning", where="", code="not-supported", text=text)


def _partial(parameters: Iterable[tuple[str, int]]) -> Iterable[Issue]:
    for name, percent in parameters:
        text = f"{name} is being indexed anew, {percent} percent so far: what was stored before may be missing"
        yield Issue(severity="warning", where="", code="incomplete", text=text)


def links_of(base_url: str, path: str, params: Params, page: ReleasedPage) -> list[tuple[str, str]]:
    """`self` and `next` of a page; parameters that were ignored are left out."""
    used = [(name, value) for name, value in params if name not in page.ignored]
    links = [("self", page_url(base_url, path, used))]
    if page.next is not None:
        links.append(("next", page_url(base_url, path, [*_without_cursor(used), (CURSOR, page.next)])))
    return links


def _without_cursor(params: Params) -> list[tuple[str, str]]:
    return [(name, value) for name, value in params if name != CURSOR]


def page_url(base_url: str, path: str, params: Params) -> str:
    """The URL of a page; characters that may stand in a query are left readable."""
    query = encoded(params, safe=":/|,$", blank="%20")
    return "?".join(part for part in (f"{base_url}/{path}".rstrip("/"), query) if part)
