"""From a parsed body to an operation of the record, and from its result to an answer (R4 http.html#return)."""

from __future__ import annotations

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.shape import shaped
from hub.fhir.json import dumps
from hub.fhir.outcome import operation_outcome
from hub.fhir.references import relative, rewrite
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json
from hub.records.operations import Written


def resource_of(ask: Ask, base_url: str, where: str = "body") -> Json:
    """The resource to write; its references to resources of this server are relative, the one form the store knows.

    Raises HubError UNREADABLE (400) when the body is no resource of the URL's type.
    """
    resource = ask.resource
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise HubError(Category.UNREADABLE, "is not a resource", where=where, todo="send one with resourceType")
    if resource["resourceType"] != ask.type:
        raise HubError(
            Category.UNREADABLE, "is not of the type in the URL", where=f"{where}.resourceType", code="type-mismatch"
        )
    rewrite(resource, lambda text: relative(text, base_url))
    return resource


def as_written(ask: Ask, written: Written) -> Answer:
    """201 for a version that is the first or follows a deletion, 200 for others, with the body the client prefers."""
    return Answer(
        status=201 if written.result == "created" else 200,
        body=_preferred(ask, written.body, written.result),
        version=written.version,
        updated=written.updated,
        location=f"{written.type}/{written.id}/_history/{written.version}",
    )


def found_already(ask: Ask, match: Released) -> Answer:
    """200 for a conditional create that found its match: nothing was written."""
    return Answer(
        status=200,
        body=_preferred(ask, match.body, "unchanged"),
        version=match.version,
        updated=match.updated,
        location=f"{match.type}/{match.id}/_history/{match.version}",
    )


def _preferred(ask: Ask, body: bytes, result: str) -> bytes:
    if ask.preference.returned == "minimal":
        return b""
    if ask.preference.returned == "OperationOutcome":
        issue = Issue(severity="information", where="", code="informational", text=result)
        return dumps(operation_outcome([issue]))
    return shaped(body, ask.shape)
