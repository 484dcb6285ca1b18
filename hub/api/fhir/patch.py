"""FHIR patch and conditional patch. https://hl7.org/fhir/R4/http.html#patch

The records door applies the change to the version that stands, under its lock, and then judges it as an update.
"""

from __future__ import annotations

from msgspec.structs import replace

from hub.api.fhir.conditional import at_most_one, find, no_match_at_version, select
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import expected_version
from hub.api.fhir.parameters import refuse_all
from hub.api.fhir.written import as_written, refer_from_here
from hub.api.services import Services
from hub.fhir.patch.change import Change
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.operations import Patch


async def patch(services: Services, ask: Ask) -> Answer:
    """Change the current version; a patch that changes nothing makes none.

    Raises HubError NOT_FOUND (absent, hidden, or of another facility), PRECONDITION (412), INVALID (422: the patch does
    not fit, a test of it does not hold, or it makes no right resource), FORBIDDEN.
    """
    refuse_all(ask)
    operation = patch_of(ask, ask.id, services.base_url)
    return as_written(ask, await services.writes.write(ask.actor, operation, origin=ask.origin))


async def conditional_patch(services: Services, ask: Ask) -> Answer:
    """Patch the one match of the criterion in the URL. Raises HubError NOT_FOUND where nothing does, PRECONDITION.

    Nothing is looked for on behalf of somebody who could not patch it.
    """
    await services.writes.admit(ask.actor, patch_of(ask, "", services.base_url), origin=ask.origin)
    match = at_most_one(await find(services, ask, ask.type, select(ask.params, "URL")), "URL")
    if match is None:
        at_version = expected_version(ask.conditions.if_match) is not None
        raise no_match_at_version("If-Match") if at_version else no_match("URL")
    return await patch(services, replace(ask, id=match.id, params=()))


def patch_of(ask: Ask, rid: str, base_url: str, where: str = "") -> Patch:
    """The operation of a patch with its condition (If-Match)."""
    if ask.change is None:
        raise HubError(Category.UNREADABLE, "has no patch", where=where or "body", code="patch")
    return Patch(
        type=ask.type,
        id=rid,
        change=with_relative_references(ask.change, base_url),
        expected=expected_version(ask.conditions.if_match),
        where=where,
    )


def with_relative_references(change: Change, base_url: str) -> Change:
    """A change whose result refers to resources of this server in the one form the store knows."""

    def changed(resource: Json) -> Json:
        result = change(resource)
        refer_from_here(result, base_url, "patch")
        return result

    return changed


def no_match(where: str) -> HubError:
    """The refusal of a conditional patch that found nothing to patch."""
    return HubError(
        Category.NOT_FOUND, "no resource matches", where=where, todo="create it first", code="no-such-resource"
    )
