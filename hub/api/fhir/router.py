"""From a method and a URL below the base to an interaction, by the shape of the path."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from hub.api.fhir.exchange import Answer, Ask
from hub.api.services import Services
from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.errors import Category, HubError

Handler = Callable[[Services, Ask], Awaitable[Answer]]
Body = Literal["none", "resource", "form", "parameters", "patch", "judged"]

_LITERAL: Final = frozenset(
    {
        *("_history", "_search", "$everything", "$match", "$merge", "$ihe-pix", "$meta", "$meta-add", "$meta-delete"),
        *("$cda", "$lastn", "$document", "$summary", "$validate", "$export", "$import", "$process-message"),
        *("$lookup", "$validate-code", "$subsumes", "$expand", "$translate", "$closure", "$versions"),
        *("$events", "$get-ws-binding-token", "$status"),
    }
)
#: Interactions that change a resource of the record, or make one.
WRITES: Final = frozenset({"create", "update", "patch", "delete"})
#: Stands for every type in a compartment (R4 http.html#search).
EVERY_TYPE: Final = "*"
#: A type in a compartment: two names of types with an id between them.
_INNER: Final = ("*", "*", "*")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class Interaction(Struct, frozen=True):
    """One interaction. `code` is R4's (restful-interaction); a conditional one shares the code of the plain one.

    An operation has its own name as `code`, and in `operation` the canonical URL of its definition (below the base for
    one of the hub's own). `only` is the one resource type it is for; there it stands in the place of the interaction
    for all types. A body that is `judged` is given to the handler even where it cannot be read.
    """

    code: str
    method: str
    template: str
    handle: Handler
    body: Body = "none"
    conditional: bool = False
    operation: str = ""
    only: str = ""

    @property
    def counts(self) -> bool:
        """Whether `_summary=count` can be asked of it."""
        return self.code.startswith("search")


class Match(Struct, frozen=True):
    """An interaction and what the URL names; of a compartment, `version` is the type searched in it ("": all)."""

    interaction: Interaction
    type: str = ""
    id: str = ""
    version: str = ""

    @property
    def holds(self) -> str:
        """The type of the resources in the answer, "" for any."""
        if "{inner}" in self.interaction.template:
            return self.version
        return "" if self.interaction.operation else self.type


class MethodNotAllowedError(HubError):
    """The URL exists, the method does not; `allowed` are those it has, in the order of their names."""

    def __init__(self, *allowed: str) -> None:
        self.allowed: Final = sorted(allowed)
        todo = f"use {', '.join(self.allowed)}"
        super().__init__(Category.UNSUPPORTED, "no such interaction", where="URL", todo=todo, code="method")


class Router:
    """A table of interactions, looked up by the shape of a path: literals stay, names become `*`.

    Types in `unwritten` have none of the writes that other types have.
    """

    def __init__(self, interactions: Sequence[Interaction], unwritten: Collection[str] = ()) -> None:
        self._unwritten: Final = unwritten
        self._table: Final[dict[tuple[str, ...], dict[str, dict[str, Interaction]]]] = {}
        for interaction in interactions:
            methods = self._table.setdefault(_shape(_segments(interaction.template)), {})
            methods.setdefault(interaction.method, {})[interaction.only] = interaction

    def resolve(self, method: str, path: str) -> Match:
        """Find the interaction of a method and a decoded path below the base.

        Raises HubError NOT_FOUND for a URL that cannot be, `MethodNotAllowedError` (405) for one that can.
        """
        segments = _segments(path)
        shape = _shape(segments)
        methods = self._table.get(shape)
        if methods is None or not _LITERAL.issuperset(segment for segment in segments if segment.startswith("$")):
            raise _nowhere(segments)
        names = [segment for segment in segments if segment not in _LITERAL]
        inner = names[2:] if shape[:3] == _INNER else []
        if inner == [EVERY_TYPE]:
            inner = names[2:] = []
        if not RESOURCE_TYPES.issuperset([*names[:1], *inner]):
            raise _unknown("no such resource type")
        if not all(_ID.fullmatch(name) for name in names[1:]):
            raise _unknown("no such resource", "an id is 1 to 64 of the characters A-Z a-z 0-9 - and .")
        rtype = names[0] if names else ""
        interaction = _of(methods.get(method, {}), rtype)
        if interaction is None:
            raise self._refusal(methods, rtype, segments)
        return Match(interaction, *names)

    def _refusal(
        self, methods: Mapping[str, Mapping[str, Interaction]], rtype: str, segments: Sequence[str]
    ) -> HubError:
        """Why a URL does not have a method: no method of it is for this type, or others are."""
        found = {method: one for method, of in methods.items() if (one := _of(of, rtype)) is not None}
        if not found:
            return _nowhere(segments)
        left = [
            name for name, one in found.items() if one.only or not (one.code in WRITES and rtype in self._unwritten)
        ]
        return MethodNotAllowedError(*left, *(["HEAD"] if "GET" in left else []))


def _of(interactions: Mapping[str, Interaction], rtype: str) -> Interaction | None:
    return interactions.get(rtype) or interactions.get("")


def _shape(segments: Sequence[str]) -> tuple[str, ...]:
    return tuple([segment if segment in _LITERAL else "*" for segment in segments])


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _unknown(what: str, todo: str = "") -> HubError:
    return HubError(Category.NOT_FOUND, what, where="URL", todo=todo)


def _nowhere(segments: Sequence[str]) -> HubError:
    """What is told of a URL that no interaction has."""
    if any(segment.startswith("$") for segment in segments):
        return _unknown("no such operation here", "the capability statement says which there are, and of what")
    return _unknown("no such URL")
