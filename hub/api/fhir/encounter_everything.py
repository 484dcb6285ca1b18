"""FHIR operation Encounter/$everything. https://hl7.org/fhir/R4/encounter-operation-everything.html

A search in the compartment of the Encounter that brings along what is referred to: the patient, staff, places,
organizations. What a page's resources refer to comes with that page, so it may come again with a later one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from hub.api.fhir.exchange import Answer, Ask, Params
from hub.api.fhir.parameters import asked
from hub.api.fhir.search import searchset
from hub.api.fhir.shape import shaped_page
from hub.api.services import Services
from hub.fhir.compartments import COMPARTMENT
from hub.gate.door import was_deleted
from hub.gate.pages import CURSOR
from hub.gate.parameters import strangers
from hub.gate.portions import Wish, read_wish
from hub.gate.released import Released, ReleasedPage

ENCOUNTER_EVERYTHING: Final = "http://hl7.org/fhir/OperationDefinition/Encounter-everything"

_KNOWN: Final = frozenset({"_since", "_type", "_count", "_summary", "_elements", CURSOR})
#: Matches of a page where nothing is said; the gate knows what is the most.
_SIZE: Final = 1000


async def encounter_everything(services: Services, ask: Ask) -> Answer:
    """A searchset page of what may be seen of the Encounter's compartment, with links `self` and `next`.

    With `_type` or `_since` pages may be short, and there is no total. Raises HubError NOT_FOUND for an Encounter that
    is absent, hidden or (code `deleted`, 410) deleted, UNSUPPORTED naming unknown parameters, INVALID.
    """
    ignored = strangers(ask.searched, _KNOWN, lenient=ask.preference.lenient)
    used = [(name, value) for name, value in ask.searched if name not in ignored]
    cursor = [pair for pair in used if pair[0] == CURSOR]
    wish = read_wish([pair for pair in used if pair not in cursor], lenient=False)
    if not cursor:
        found = await services.gate.read(ask.actor, "Encounter", ask.id, origin=ask.origin)
        if found.deleted:
            raise was_deleted()
    page = await asked(services.gate.search(ask.actor, None, _search(ask.id, wish, cursor), origin=ask.origin))
    page = shaped_page(replace(_portion(page, wish), ignored=ignored), ask.shape)
    return Answer(
        status=200, body=searchset(services, f"Encounter/{ask.id}/$everything", [*ask.params, *ask.form], page)
    )


def _search(rid: str, wish: Wish, cursor: Params) -> Params:
    return [(COMPARTMENT, f"Encounter/{rid}"), ("_include", "*"), ("_count", str(wish.count or _SIZE)), *cursor]


def _portion(page: ReleasedPage, wish: Wish) -> ReleasedPage:
    """What of a page was asked for: what is referred to is found by resources that may not be among it."""
    if not wish.types and wish.since is None:
        return page

    def wanted(one: Released) -> bool:
        return (not wish.types or one.type in wish.types) and _newer(one, wish.since)

    matches, included = (tuple(filter(wanted, found)) for found in (page.matches, page.included))
    return replace(page, matches=matches, included=included, total=None)


def _newer(one: Released, since: datetime | None) -> bool:
    return since is None or one.updated >= since
