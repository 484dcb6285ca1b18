"""Parsing a search: its criteria and result parameters (R4 search.html). What is not supported is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, field

from hub.fhir.compartments import COMPARTMENT
from hub.fhir.custom import NONE, Custom
from hub.fhir.search_parameters import RESOURCE_TYPES
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.store.asked import Context
from hub.store.criteria import Bind, Clause, Either, Include, Query, SortKey, Target, Types
from hub.store.query_clauses import NOT_KNOWN, bound_type, clauses_of, in_compartments
from hub.store.query_results import include, sort_key, sort_key_of
from hub.store.resource_types import type_number
from hub.store.targets import looks

#: Chains and `_has` of one search: what the database takes to plan them grows with more than their number (64: half a
#: second, 200: 25 on a busy machine).
_MOST_LOOKS: Final = 64
#: Criteria of all types together that are named in a search over several: each is asked by itself.
_MOST_APART: Final = 1000

#: Result parameters about the representation, which is not the store's business (R4 http.html 3.1.0.1.11).
_REPRESENTATION: Final = frozenset({"_format", "_pretty", "_elements"})


def parse_query(
    rtype: str | None,
    params: Sequence[tuple[str, str]],
    *,
    lenient: bool = False,
    now: datetime | None = None,
    base_url: str = "",
    full_text: bool = True,
    custom: Custom = NONE,
) -> Query:
    """The query a list of name and value (percent-decoded) asks for; `rtype` None searches all types.

    `now` is for the prefix `ap`; references under `base_url` are local ones; `full_text`: it is kept; `custom`: the
    installation's own parameters. Raises HubError UNSUPPORTED naming a parameter or modifier the hub does not have
    (with `lenient` a parameter is listed in `Query.ignored` instead), and INVALID for a value that is not of the
    parameter's type.
    """
    if rtype is not None and rtype not in RESOURCE_TYPES:
        raise HubError(Category.UNSUPPORTED, "is not a resource type of FHIR R4", where="search")
    context = Context(now=now or system_clock(), base_url=base_url, full_text=full_text, custom=custom)
    parser = _Parser(rtype, context, () if rtype else _types(params))
    for name, value in params:
        try:
            parser.add(name, value)
        except HubError as error:
            if not lenient or error.category is not Category.UNSUPPORTED or _is_never_left_out(name, error):
                raise _located(error, name) from None
            parser.ignored.append(name)
    return parser.query()


def _is_never_left_out(name: str, error: HubError) -> bool:
    """A search with a modifier that is not supported, or by a named query, shall be refused however leniently it is
    asked (R4 search.html 3.1.1.4.4, 3.1.1.7).
    """
    return error.code == "unknown-modifier" or name == "_query"


def parse_list(value: str, *, now: datetime) -> Clause:
    """What `_list=value` asks for at the moment `now`, of all types. Raises HubError as `parse_query`."""
    (found,) = clauses_of(None, "_list", value, Context(now=now))
    return found


def _types(params: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The types a search over all of them is narrowed to; none where it is not.

    Raises HubError INVALID for what is no type, also of a lenient search: without it, it would be a search over all.
    """
    values = [value.split(",") for name, value in params if name == "_type"]
    unknown = [name for value in values for name in value if name not in RESOURCE_TYPES]
    if unknown:
        raise HubError(
            Category.INVALID,
            "names what is no resource type of FHIR R4" if any(unknown) else "has an empty value",
            where="_type",
            todo="name types as in _type=Patient,Observation",
        )
    return tuple(dict.fromkeys(values[0] if values else ()))


def _located(error: HubError, name: str) -> HubError:
    return HubError(error.category, error.what, where=error.where or name, todo=error.todo, code=error.code)


class _Parser(Struct):
    type: str | None
    context: Context
    types: Sequence[str] = ()
    clauses: list[Clause] = field(default_factory=list)
    apart: dict[str, list[Clause]] = field(default_factory=dict)
    sort: list[SortKey] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        base, _, modifier = name.partition(":")
        if base in _REPRESENTATION:
            return
        if "\0" in value or (not value.isascii() and any(0xD800 <= ord(char) <= 0xDFFF for char in value)):
            raise HubError(Category.INVALID, "holds what is not text")
        if base in {"_include", "_revinclude"}:
            (self.includes if base == "_include" else self.revincludes).append(
                include(base, modifier, value, self.context.custom)
            )
        elif name in _RESULT:
            _RESULT[name](self, value)
        elif name == COMPARTMENT and self.type is None:
            self.clauses.append(in_compartments(self.types, value, self.context))
        elif name == "_type" and self.type is None:
            self.clauses.append(Types(Bind([type_number(part) for part in value.split(",")], "smallint[]")))
        else:
            self.add_criterion(name, value)

    def add_criterion(self, name: str, value: str) -> None:
        try:
            self.clauses.extend(clauses_of(self.type, name, value, self.context))
        except HubError as error:
            if error.code not in NOT_KNOWN or not self.types:
                raise
            # No parameter of all types, but it may be one of each of those that are named.
            found = {rtype: clauses_of(rtype, name, value, self.context) for rtype in self.types}
            for rtype, own in found.items():
                self.apart.setdefault(rtype, []).extend(own)
            if sum(map(len, self.apart.values())) > _MOST_APART:
                what, todo = "is asked of too many types", "name fewer of them, or fewer criteria"
                raise HubError(Category.TOO_LARGE, what, todo=todo, code="too-costly") from None

    def query(self) -> Query:
        clauses = (*self.clauses, *self.of_each_type())
        if looks(clauses) > _MOST_LOOKS:
            what, todo = f"has more than {_MOST_LOOKS} chains and _has", "ask in several requests"
            raise HubError(Category.TOO_LARGE, what, where="search", todo=todo, code="too-costly")
        return Query(
            self.type,
            clauses,
            tuple(self.sort),
            tuple(self.includes),
            tuple(self.revincludes),
            ignored=tuple(self.ignored),
            asked=tuple(self.context.asked),
            **self.settings,
        )

    def of_each_type(self) -> Iterable[Clause]:
        if self.apart:
            yield Either(tuple(Target(bound_type(rtype), tuple(own)) for rtype, own in self.apart.items()))

    def add_sort(self, value: str) -> None:
        if not all(value.split(",")):
            raise HubError(Category.INVALID, "has an empty value", todo="name parameters, as in _sort=-date,_id")
        self.sort.extend(map(self.sort_key, value.split(",")))

    def sort_key(self, part: str) -> SortKey:
        if len(self.types) > 1:
            return sort_key_of(self.types, part, self.context.custom)
        return sort_key(self.types[0] if self.types else self.type, part, self.context.custom)

    def set_count(self, value: str) -> None:
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise HubError(Category.INVALID, "is not a number of entries")
        self.settings["count"] = int(value)

    def set_total(self, value: str) -> None:
        if value not in {"none", "estimate", "accurate"}:
            raise HubError(Category.INVALID, "is not one of none, estimate, accurate")
        # An estimate from statistics would count what the caller may not see; the true total is not dearer to give.
        self.settings["total"] = "none" if value == "none" else "accurate"

    def set_summary(self, value: str) -> None:
        if value not in {"true", "text", "data", "count", "false"}:
            raise HubError(Category.INVALID, "is not one of true, text, data, count, false")
        # All but a count shape what was found, which is not the store's business either.
        self.settings["summary"] = "count" if value == "count" else None

    def set_contained_type(self, value: str) -> None:
        if value != "container":
            raise _of_contained()

    def set_contained(self, value: str) -> None:
        if value != "false":
            raise _of_contained()


def _of_contained() -> HubError:
    return HubError(
        Category.UNSUPPORTED,
        "contained resources are no matches of their own",
        todo="search for what contains them by a chain, as in MedicationRequest?medication.code=",
        code="unknown-parameter",
    )


_RESULT: Final[Mapping[str, Callable[[_Parser, str], None]]] = {
    "_sort": _Parser.add_sort,
    "_count": _Parser.set_count,
    "_total": _Parser.set_total,
    "_summary": _Parser.set_summary,
    "_contained": _Parser.set_contained,
    "_containedType": _Parser.set_contained_type,
}
