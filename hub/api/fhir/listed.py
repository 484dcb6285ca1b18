"""Searches of what is kept apart from the record: short lists by id, given page by page (R4 search.html#count)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.api.fhir.bundle import entry
from hub.api.fhir.exchange import Ask
from hub.api.fhir.parameters import values
from hub.api.fhir.search import on_one_page
from hub.api.fhir.shape import shaped
from hub.api.services import Services
from hub.fhir.json import dumps
from hub.gate.pages import CURSOR
from hub.gate.parameters import count, once
from hub.kernel.types import Json

#: Result parameters such a search answers. The total is always given.
RESULT: Final = ("_count", "_total", CURSOR)


def listed(
    services: Services, ask: Ask, rtype: str, found: Sequence[tuple[str, Json]], ignored: Sequence[str]
) -> bytes:
    """A searchset of `found`, id and resource of each; a page begins after the id that the cursor of its URL is.

    `ignored` parameters were left out. Raises HubError INVALID (400) for a `_count` that cannot be.
    """
    after = next(iter(values(ask.params, CURSOR)), "")
    left = sorted((one for one in found if one[0] > after), key=lambda one: one[0])
    size = once(ask.params, "_count", lambda text: int(text) if text == "0" else count(text))
    if size == 0 or ("_summary", "count") in ask.form:
        left = []
    page = left[:size]
    entries = [
        entry(
            full_url=f"{services.base_url}/{rtype}/{rid}",
            resource=shaped(dumps(resource), ask.shape),
            search="match",
        )
        for rid, resource in page
    ]
    more = page[-1][0] if len(page) < len(left) else ""
    return on_one_page(services, ask, rtype, entries, ignored, total=len(found), more=more)
