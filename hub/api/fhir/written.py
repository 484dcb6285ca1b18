"""From a parsed body to an operation of the record, and from its result to an answer (R4 http.html#return)."""

from __future__ import annotations

from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.shape import shaped
from hub.fhir.json import dumps
from hub.fhir.outcome import operation_outcome
from hub.fhir.references import is_search, relative, rewrite
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json
from hub.records.operations import Written

#: What the server sets in `meta`.
_SET: Final = ("versionId", "lastUpdated", "_versionId", "_lastUpdated")


def resource_of(ask: Ask, base_url: str, where: str = "body", *, new: bool = False) -> Json:
    """The resource to write; its references to resources of this server are relative, the one form the store knows.

    `new` is for one that gets an id of the server's.

    Raises HubError UNREADABLE (400) when the body is no resource of the URL's type, INVALID for a conditional
    reference: only a transaction resolves those (R4 http.html#trules), and kept as they are they point to nothing.
    """
    resource = ask.resource
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise HubError(Category.UNREADABLE, "is not a resource", where=where, todo="send one with resourceType")
    if resource["resourceType"] != ask.type:
        raise HubError(
            Category.UNREADABLE, "is not of the type in the URL", where=f"{where}.resourceType", code="type-mismatch"
        )
    refer_from_here(resource, base_url, where)
    leave_to_server(resource, new=new)
    return resource


def refer_from_here(resource: Json, base_url: str, where: str) -> None:
    """Make references to resources of this server relative. Raises HubError INVALID for a conditional reference."""

    def here(text: str) -> str | None:
        if is_search(text):
            raise HubError(
                Category.INVALID,
                "has a conditional reference, which only a transaction resolves",
                where=where,
                todo="send it in a transaction, or refer by id",
                code="conditional-reference",
            )
        return relative(text, base_url)

    rewrite(resource, here)


def leave_to_server(resource: Json, *, new: bool) -> None:
    """Take out what the server sets: what a client says there is ignored, and not judged (R4 http.html#create)."""
    for name in ("id", "_id") if new else ():
        resource.pop(name, None)
    meta = resource.get("meta")
    if isinstance(meta, dict) and not meta.keys().isdisjoint(_SET):
        kept = {name: value for name, value in meta.items() if name not in _SET}
        resource |= {"meta": kept}
        if not kept:
            del resource["meta"]


def as_written(ask: Ask, written: Written) -> Answer:
    """201 for a version that is the first or follows a deletion, 200 for others, with the body the client prefers."""
    return Answer(
        status=201 if written.result == "created" else 200,
        body=_preferred(ask, written.body, written.result),
        version=written.version,
        updated=written.updated,
        location=f"{written.type}/{written.id}/_history/{written.version}",
        outcome=ask.preference.returned == "OperationOutcome",
    )


def found_already(ask: Ask, match: Released | Written) -> Answer:
    """200 for a conditional create that found its match: nothing was written."""
    return Answer(
        status=200,
        body=_preferred(ask, match.body, "unchanged"),
        version=match.version,
        updated=match.updated,
        location=f"{match.type}/{match.id}/_history/{match.version}",
        outcome=ask.preference.returned == "OperationOutcome",
    )


def _preferred(ask: Ask, body: bytes, result: str) -> bytes:
    if ask.preference.returned == "minimal" or not body:
        return b""
    if ask.preference.returned == "OperationOutcome":
        issue = Issue(severity="information", where="", code="informational", text=result)
        return dumps(operation_outcome([issue]))
    return shaped(body, ask.shape)
