"""Parsing a search: names, chains and result parameters (R4 search.html). What is not supported is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, field

from hub.fhir.compartments import COMPARTMENT, compartment_parameters, compartment_types
from hub.fhir.custom import NONE, Custom
from hub.fhir.query_text import split
from hub.fhir.search_parameters import RESOURCE_TYPES, SearchParameter
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store.asked import Asked, Context
from hub.store.canonical_chains import is_named, named, named_by
from hub.store.criteria import Bind, Chain, Clause, Either, Has, Include, Mentions, Query, SortKey, Target, Types
from hub.store.index_shares import is_canonical
from hub.store.people import EXPAND, people
from hub.store.promoted import leading_parameters
from hub.store.query_parameters import by_canonical, followed, parameter_of
from hub.store.query_results import include, sort_key, sort_key_of
from hub.store.query_special import members_of_lists
from hub.store.query_values import clauses
from hub.store.resource_types import type_number
from hub.store.targets import looks
from hub.store.tokens import lead_number, param_number, reference_prefix

#: A chain over a reference to anything must say which type it means.
_MOST_TARGETS: Final = 12
_DEEPEST: Final = 6
#: Chains and `_has` of one search: what the database takes to plan them grows with more than their number (64: half a
#: second, 200: 25 on a busy machine).
_MOST_LOOKS: Final = 64
#: Criteria of all types together that are named in a search over several: each is asked by itself.
_MOST_APART: Final = 1000

#: A type does not have what another may have.
_UNKNOWN: Final = frozenset({"unknown-parameter", "unknown-modifier"})
#: R4 writes this modifier in two ways (search.html#token, valueset-search-modifier-code.html).
_SPELT: Final = {"ofType": "of-type"}
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
    (with `lenient` it is listed in `Query.ignored` instead), and INVALID for a value that is not of the parameter's
    type.
    """
    if rtype is not None and rtype not in RESOURCE_TYPES:
        raise HubError(Category.UNSUPPORTED, "is not a resource type of FHIR R4", where="search")
    context = Context(now=now or system_clock(), base_url=base_url, full_text=full_text, custom=custom)
    parser = _Parser(rtype, context, () if rtype else _types(params))
    for name, value in params:
        try:
            parser.add(name, value)
        except HubError as error:
            if not (lenient and error.category is Category.UNSUPPORTED):
                raise _located(error, name) from None
            parser.ignored.append(name)
    return parser.query()


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
            self.clauses.append(_in_compartments(self.types, value, self.context))
        elif name == "_type" and self.type is None:
            self.clauses.append(Types(Bind([type_number(part) for part in value.split(",")], "smallint[]")))
        else:
            self.add_criterion(name, value)

    def add_criterion(self, name: str, value: str) -> None:
        try:
            self.clauses.extend(_clauses(self.type, name, value, self.context, 0))
        except HubError as error:
            if error.code not in _UNKNOWN or not self.types:
                raise
            # No parameter of all types, but it may be one of each of those that are named.
            found = {rtype: _clauses(rtype, name, value, self.context, 0) for rtype in self.types}
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
            yield Either(tuple(Target(_number(rtype), tuple(own)) for rtype, own in self.apart.items()))

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
            raise HubError(Category.UNSUPPORTED, "contained resources are not searched", code="unknown-parameter")

    def set_contained(self, value: str) -> None:
        if value != "false":
            raise HubError(Category.UNSUPPORTED, "contained resources are not searched", code="unknown-parameter")


_RESULT: Final[Mapping[str, Callable[[_Parser, str], None]]] = {
    "_sort": _Parser.add_sort,
    "_count": _Parser.set_count,
    "_total": _Parser.set_total,
    "_summary": _Parser.set_summary,
    "_contained": _Parser.set_contained,
    "_containedType": _Parser.set_contained_type,
}


def _clauses(rtype: str | None, name: str, value: str, context: Context, depth: int) -> tuple[Clause, ...]:
    """The clauses one parameter of a type means, chains and `_has` included."""
    if depth > _DEEPEST:
        raise HubError(Category.TOO_LARGE, f"is chained more than {_DEEPEST} deep", where=name)
    if name == "_list":
        return (members_of_lists(split(value, ",")),)
    if name == COMPARTMENT and rtype is not None:
        return _in_compartment(rtype, value, context, depth)
    if name.startswith("_has:") and rtype is not None:
        return (_has(rtype, name, value, context, depth),)
    head, dot, rest = name.partition(".")
    code, _, modifier = head.partition(":")
    parameter = parameter_of(rtype, code, context.custom)
    context.asked[parameter.base, parameter.code] = None
    if dot:
        return (_chain(followed(parameter, code), modifier, rest, value, context, depth),)
    modifier = _SPELT.get(modifier, modifier)
    return clauses(Asked(parameter=parameter, modifier=modifier, values=split(value, ","), context=context))


def _in_compartments(types: Sequence[str], whose: str, context: Context) -> Mentions:
    """It is the owner of a compartment, or names it by one of the parameters that put some types (all) there."""
    owner, _, rid = whose.partition("/")
    among = types or compartment_types(owner)
    found = [(rtype, code) for rtype in among for code in _codes_of(owner, rtype) if code != "_id"]
    context.asked.update(dict.fromkeys(found))
    prefixes = Bind([reference_prefix(param_number(rtype, code)) for rtype, code in found], "bytea[]")
    if owner == "Patient":
        return Mentions(people([rid], expand=False), prefixes)
    return Mentions(Bind([reference_key(owner, rid)], "uuid[]"), prefixes)


def _in_compartment(rtype: str, whose: str, context: Context, depth: int) -> tuple[Clause, ...]:
    """It names the owner of a compartment by one of the parameters, or is that owner."""
    owner, _, rid = whose.partition("/")
    values = {"_id": rid}
    each = [_clauses(rtype, code, values.get(code, whose), context, depth) for code in _codes_of(owner, rtype)]
    return (Either(tuple(Target(_number(rtype), clauses) for clauses in each)),)


def _codes_of(owner: str, rtype: str) -> Sequence[str]:
    codes = compartment_parameters(owner, rtype) if rtype in RESOURCE_TYPES else ()
    if not codes:
        what = f"{rtype} is in no compartment of {owner}"
        raise HubError(Category.UNSUPPORTED, what, where="_type", code="unknown-parameter")
    return codes


def _chain(parameter: SearchParameter, modifier: str, rest: str, value: str, context: Context, depth: int) -> Clause:
    expand = modifier == EXPAND and "Patient" in parameter.targets
    wanted = "Patient" if expand else modifier
    types = (wanted,) if wanted else parameter.targets
    canonical = by_canonical(parameter)
    if canonical:
        types = _definitions(parameter, types)
    if len(types) > _MOST_TARGETS:
        raise HubError(
            Category.UNSUPPORTED, "may refer to too many types to be chained", todo="name one, as in subject:Patient.x"
        )
    targets: list[Target] = []
    refusals: list[HubError] = []
    step = rest.partition(".")[0].partition(":")[0]
    for rtype in types:
        try:
            targets.append(_target(rtype, rest, value, context, depth))
        except HubError as error:
            if error.code not in _UNKNOWN:
                raise
            refusals.append(error)
    if not targets:
        raise _unchained(refusals, step, types)
    if canonical:
        return named(parameter, tuple(targets))
    return Chain(
        Bind(reference_prefix(param_number(parameter.base, parameter.code)), "bytea"),
        tuple(targets),
        _lead(parameter) if types == ("Patient",) else None,
        expand,
    )


def _definitions(parameter: SearchParameter, types: Sequence[str]) -> tuple[str, ...]:
    """Those of some types that canonical URLs lead to. Raises HubError UNSUPPORTED for a parameter of one's own."""
    if not is_canonical(parameter.base, parameter.code):
        what = "names definitions by canonical URLs, which are not followed by parameters of one's own"
        raise HubError(Category.UNSUPPORTED, what, where=parameter.code, code="unknown-parameter")
    return tuple(rtype for rtype in types if rtype not in RESOURCE_TYPES or is_named(rtype))


def _unchained(refusals: Sequence[HubError], step: str, types: Sequence[str]) -> HubError:
    """Why no type can go on with a chain, of what each of them said of its next `step`."""
    # What a type knows of the chain and then misses says more than that another does not know its next step.
    further = [refusal for refusal in refusals if refusal.where != step]
    if not refusals or further or len(types) == 1:
        return next(
            iter([*further, *refusals]), HubError(Category.UNSUPPORTED, "refers to no type that can be chained")
        )
    return HubError(
        Category.UNSUPPORTED,
        f"is not a search parameter the hub has for {', '.join(types[:-1])} or {types[-1]}",
        where=step,
        todo="see the capability statement",
        code="unknown-parameter",
    )


def _lead(parameter: SearchParameter) -> Bind | None:
    if parameter.code not in leading_parameters(parameter.base):
        return None
    return Bind(lead_number(parameter.base, parameter.code), "integer")


def _target(rtype: str, name: str, value: str, context: Context, depth: int) -> Target:
    if rtype not in RESOURCE_TYPES:
        raise HubError(Category.UNSUPPORTED, f":{rtype} is not a resource type", code="unknown-modifier")
    return Target(_number(rtype), _clauses(rtype, name, value, context, depth + 1))


def _number(rtype: str) -> Bind:
    return Bind(type_number(rtype), "smallint")


def _has(rtype: str, name: str, value: str, context: Context, depth: int) -> Clause:
    parts = name.split(":", 3)
    if len(parts) != 4:
        raise HubError(Category.INVALID, "is not of the form _has:Type:reference:parameter", where="_has")
    _, source, code, rest = parts
    target = _target(source, rest, value, context, depth)
    parameter = followed(parameter_of(source, code, context.custom), code)
    if rtype not in parameter.targets:
        raise HubError(Category.INVALID, f"{source}.{code} does not refer to {rtype}", where="_has")
    if by_canonical(parameter) and _definitions(parameter, (rtype,)):
        return named_by(parameter, rtype, target)
    return Has(Bind(reference_prefix(param_number(source, parameter.code)), "bytea"), target)
