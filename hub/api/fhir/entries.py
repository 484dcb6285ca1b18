"""Entries of a batch or transaction as interactions, and their answers as entries of the response. Pure.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from hub.api.failures import outcome_of, status_of
from hub.api.fhir.bundle import entry, response
from hub.api.fhir.exchange import Answer, Ask, Conditions, Params
from hub.api.fhir.operation import read_parameters
from hub.api.fhir.parameters import FORM, split
from hub.api.fhir.router import Body, Match
from hub.api.fhir.shape import Shape, read_shape
from hub.api.fhir.singles import resolve_single
from hub.api.patch_formats import read_patch_resource
from hub.api.query import read_query
from hub.fhir.json import dumps, loads
from hub.fhir.patch.change import Change
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

MAX_ENTRIES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: where it stands in the Bundle, its fullUrl ("" for none), what it asks, in which shape.

    `head`: it is a GET whose answer has no content (R4 http.html#head).
    """

    where: str
    full_url: str
    match: Match
    params: Params
    conditions: Conditions
    resource: Json | None
    form: Params = ()
    shape: Shape | None = None
    head: bool = False

    @property
    def method(self) -> str:
        return self.match.interaction.method

    def ask(self, ask: Ask) -> Ask:
        """The entry as an interaction by the actor of the whole Bundle."""
        return Ask(
            actor=ask.actor,
            origin=ask.origin,
            type=self.match.type,
            id=self.match.id,
            version=self.match.version,
            params=self.params,
            form=self.form,
            shape=self.shape,
            conditions=self.conditions,
            preference=ask.preference,
            resource=None if self.patches else self.resource,
            change=self.change() if self.patches else None,
        )

    @property
    def patches(self) -> bool:
        return self.match.interaction.body == "patch"

    def change(self) -> Change:
        """What a patch asks for. Raises HubError naming the entry: UNSUPPORTED, UNREADABLE, TOO_LARGE."""
        try:
            return read_patch_resource(self.resource or {})
        except HubError as error:
            where = f"{self.where}.{error.where}"
            raise HubError(error.category, error.what, where=where, todo=error.todo, code=error.code) from None


def raw_entries(bundle: Json) -> list[Any]:
    """The entries as sent. Raises HubError INVALID or TOO_LARGE."""
    raw = bundle.get("entry", [])
    if not isinstance(raw, list):
        raise _invalid("is not a list", "Bundle.entry")
    if len(raw) > MAX_ENTRIES:
        raise HubError(Category.TOO_LARGE, f"has more than {MAX_ENTRIES} entries", where="Bundle.entry")
    return raw


def where_of(index: int) -> str:
    """FHIRPath of an entry."""
    return f"Bundle.entry[{index}]"


def read_entry(index: int, raw: Any, base_url: str) -> Entry:
    """Read one entry. Raises HubError naming it: INVALID, or what the router says of its URL."""
    where = where_of(index)
    request = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(request, dict):
        raise _invalid("has no request", where)
    asked, url = _text(request, "method", where), _text(request, "url", where)
    method = "GET" if asked == "HEAD" else asked
    path, _, query = _below(url, base_url).partition("?")
    if "://" in path or not (path or query):
        raise _invalid("is not a URL of this server relative to its base", f"{where}.request.url")
    try:
        match = resolve_single(method, unquote(path, errors="strict"))
        params, form = split(read_query(query) if query else [], FORM)
        shape = read_shape(form, match.holds, counting=match.interaction.counts) if form else None
    except (HubError, UnicodeDecodeError) as error:
        raise in_entry(error, where) from None
    resource = raw.get("resource")
    if match.interaction.body == "form":
        raise _by_form(f"{where}.request")
    if not _fits(match.interaction.body, resource):
        raise _invalid("needs a resource with POST, PUT and PATCH, and none with others", where)
    if match.interaction.body == "parameters" and resource is not None:
        params, resource = [*params, *read_parameters(resource)], None
    full_url, conditions = _optional(raw, "fullUrl", where), _conditions(request, where)
    return Entry(where, full_url, match, params, conditions, resource, form, shape, head=asked == "HEAD")


def _fits(body: Body, resource: Any) -> bool:
    """Whether an entry has the resource its interaction takes; that of parameters may be left out."""
    if body == "parameters":
        return resource is None or isinstance(resource, dict)
    return (body in {"resource", "patch", "judged"}) == isinstance(resource, dict)


def _by_form(where: str) -> HubError:
    """R4 http.html#search: the parameters of a POST are a form, which no entry of a Bundle holds."""
    return HubError(
        Category.INVALID,
        "is a search by POST, whose form an entry cannot hold",
        where=where,
        todo="send it as GET, its parameters in the url",
        code="entry",
    )


def answer_entry(answer: Answer) -> bytes:
    """The response entry of an answer; a read or search carries its result as the resource.

    What is said about the processing stands in `response.outcome` (R4 bundle-definitions.html).
    """
    told = response(
        f"{answer.status} {HTTPStatus(answer.status).phrase}",
        version=answer.version,
        updated=answer.updated,
        location=answer.location,
    )
    if answer.outcome:
        return entry(response=told | {"outcome": loads(answer.body)})
    return entry(resource=answer.body, response=told)


def refusal_entry(error: HubError) -> bytes:
    """The response entry of a refusal (batch only: in a transaction it refuses the whole)."""
    status = status_of(error)
    told: Json = {"status": f"{status} {HTTPStatus(status).phrase}", "outcome": outcome_of(error)}
    return b'{"response":' + dumps(told) + b"}"


def _below(url: str, base_url: str) -> str:
    """A URL of this server relative to its base ("/" for the base itself); any other text as it is."""
    inside = url.removeprefix(base_url) or "/"
    return inside if inside[:1] in ("/", "?") else url


def _conditions(request: Json, where: str) -> Conditions:
    return Conditions(
        if_match=_optional(request, "ifMatch", where),
        if_none_match=_optional(request, "ifNoneMatch", where),
        if_modified_since=_optional(request, "ifModifiedSince", where),
        if_none_exist=_optional(request, "ifNoneExist", where),
    )


def _text(owner: Json, name: str, where: str) -> str:
    value = owner.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"has no request.{name}", where)
    return value


def _optional(owner: Json, name: str, where: str) -> str:
    value = owner.get(name, "")
    if not isinstance(value, str):
        raise _invalid(f"{name} is not a text", where)
    return value


def in_entry(error: Exception, where: str) -> HubError:
    """What is wrong with the URL of an entry, naming that entry."""
    if not isinstance(error, HubError):
        return _invalid("is not percent-encoded UTF-8", f"{where}.request.url")
    return HubError(error.category, error.what, where=f"{where}.request.url", todo=error.todo, code=error.code)


def _invalid(what: str, where: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo="mend the entry", code="entry")
