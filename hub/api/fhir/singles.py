"""The interactions with one resource or one search: those that may also be entries of a batch."""

from __future__ import annotations

from typing import Final

from hub.api.fhir import search_parameter, subscription
from hub.api.fhir.binary import read_binary
from hub.api.fhir.compartment import search_compartment
from hub.api.fhir.create import create
from hub.api.fhir.delete import conditional_delete, delete
from hub.api.fhir.history import histories, history
from hub.api.fhir.metadata import METADATA, match_metadata
from hub.api.fhir.operations import OPERATIONS
from hub.api.fhir.patch import conditional_patch, patch
from hub.api.fhir.read import read
from hub.api.fhir.router import Interaction, Match, Router
from hub.api.fhir.search import search
from hub.api.fhir.update import conditional_update, update
from hub.api.fhir.validate import VALIDATE, validate
from hub.api.fhir.vread import vread
from hub.fhir.compartments import OWNERS
from hub.kernel.errors import Category, HubError

SINGLES: Final = (
    Interaction("read", "GET", "/{type}/{id}", read),
    Interaction("vread", "GET", "/{type}/{id}/_history/{version}", vread),
    Interaction("history-instance", "GET", "/{type}/{id}/_history", history),
    Interaction("history-type", "GET", "/{type}/_history", histories),
    Interaction("history-system", "GET", "/_history", histories),
    Interaction("search-type", "GET", "/{type}", search),
    Interaction("search-type", "POST", "/{type}/_search", search, "form"),
    Interaction("search-system", "GET", "", search),
    Interaction("search-system", "POST", "/_search", search, "form"),
    *(Interaction("search-type", "GET", "/{type}/{id}/{inner}", search_compartment, only=owner) for owner in OWNERS),
    *(
        Interaction("search-type", "POST", "/{type}/{id}/{inner}/_search", search_compartment, "form", only=owner)
        for owner in OWNERS
    ),
    Interaction("create", "POST", "/{type}", create, "resource"),
    Interaction("update", "PUT", "/{type}/{id}", update, "resource"),
    Interaction("update", "PUT", "/{type}", conditional_update, "resource", conditional=True),
    Interaction("patch", "PATCH", "/{type}/{id}", patch, "patch"),
    Interaction("patch", "PATCH", "/{type}", conditional_patch, "patch", conditional=True),
    Interaction("delete", "DELETE", "/{type}/{id}", delete),
    Interaction("delete", "DELETE", "/{type}", conditional_delete, conditional=True),
    *OPERATIONS,
    Interaction("validate", "POST", "/{type}/$validate", validate, "judged", operation=VALIDATE),
    Interaction("validate", "POST", "/{type}/{id}/$validate", validate, "judged", operation=VALIDATE),
    Interaction("validate", "GET", "/{type}/{id}/$validate", validate, operation=VALIDATE),
    Interaction("read", "GET", "/{type}/{id}", read_binary, only="Binary"),
    Interaction("read", "GET", "/{type}/{id}", subscription.read, only="Subscription"),
    Interaction("search-type", "GET", "/{type}", subscription.search, only="Subscription"),
    Interaction("search-type", "POST", "/{type}/_search", subscription.search, "form", only="Subscription"),
    Interaction("create", "POST", "/{type}", subscription.create, "resource", only="Subscription"),
    Interaction("update", "PUT", "/{type}/{id}", subscription.update, "resource", only="Subscription"),
    Interaction("delete", "DELETE", "/{type}/{id}", subscription.delete, only="Subscription"),
    Interaction(
        "status", "GET", "/{type}/$status", subscription.status, operation=subscription.STATUS, only="Subscription"
    ),
    Interaction(
        "status", "GET", "/{type}/{id}/$status", subscription.status, operation=subscription.STATUS, only="Subscription"
    ),
    Interaction(
        "events", "GET", "/{type}/{id}/$events", subscription.events, operation=subscription.EVENTS, only="Subscription"
    ),
    Interaction("read", "GET", "/{type}/{id}", search_parameter.read, only="SearchParameter"),
    Interaction("search-type", "GET", "/{type}", search_parameter.search, only="SearchParameter"),
    Interaction("search-type", "POST", "/{type}/_search", search_parameter.search, "form", only="SearchParameter"),
    Interaction("create", "POST", "/{type}", search_parameter.create, "resource", only="SearchParameter"),
    Interaction("update", "PUT", "/{type}/{id}", search_parameter.update, "resource", only="SearchParameter"),
    Interaction("delete", "DELETE", "/{type}/{id}", search_parameter.delete, only="SearchParameter"),
)

_ROUTER: Final = Router(SINGLES)
#: What comes alone: it starts a job or tells of one, hands over a message, or opens a connection.
_ALONE: Final = frozenset({"$export", "$import", "$jobs", "$process-message", "$get-ws-binding-token"})


def resolve_single(method: str, path: str) -> Match:
    """The interaction of an entry, by its method and the decoded path below the base.

    Raises HubError as `Router.resolve` does, UNSUPPORTED for an interaction that comes alone.
    """
    if path.strip("/") == METADATA.strip("/"):
        return match_metadata(method)
    try:
        return _ROUTER.resolve(method, path)
    except HubError:
        if _ALONE.isdisjoint(path.split("/")):
            raise
    raise HubError(
        Category.UNSUPPORTED, "is not offered in a batch", where="URL", todo="send it alone", code="comes-alone"
    )
