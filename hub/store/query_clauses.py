"""What one criterion of a search asks for: a parameter, a chain, `_has`, a list, a compartment (R4 search.html)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from hub.fhir.compartments import COMPARTMENT, compartment_parameters, compartment_types
from hub.fhir.contained import DEEPEST, step, steps, way, within
from hub.fhir.functional_lists import FUNCTIONAL_LISTS
from hub.fhir.query_text import split, unescape
from hub.fhir.search_parameters import RESOURCE_TYPES, SearchParameter
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store.asked import Asked, Context
from hub.store.canonical_chains import is_named, named, named_by
from hub.store.contained_rows import containing
from hub.store.criteria import Bind, Chain, Clause, Either, Has, Ids, Mentions, Target, Tokens
from hub.store.index_shares import is_canonical
from hub.store.people import EXPAND, people
from hub.store.promoted import leading_parameters
from hub.store.query_parameters import by_canonical, followed, parameter_of
from hub.store.query_special import members_of_lists
from hub.store.query_values import clauses
from hub.store.resource_types import type_number
from hub.store.tokens import lead_number, param_number, reference_prefix

#: A chain over a reference to anything must say which type it means.
_MOST_TARGETS: Final = 12
_DEEPEST: Final = 6

#: Codes of refusals: a type does not have what another may have.
NOT_KNOWN: Final = frozenset({"unknown-parameter", "unknown-modifier"})
#: R4 writes this modifier in two ways (search.html#token, valueset-search-modifier-code.html).
_SPELT: Final = {"ofType": "of-type"}


def clauses_of(rtype: str | None, name: str, value: str, context: Context, depth: int = 0) -> tuple[Clause, ...]:
    """The clauses one parameter of a type (None: of all types) means, `depth` steps down a chain.

    Raises HubError UNSUPPORTED (code in NOT_KNOWN) for what the type does not have, INVALID, or TOO_LARGE for a chain
    that is too deep.
    """
    if depth > _DEEPEST:
        raise HubError(Category.TOO_LARGE, f"is chained more than {_DEEPEST} deep", where=name)
    if name == "_list":
        return _listed(rtype, split(value, ","), context, depth)
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


def _listed(rtype: str | None, values: Sequence[str], context: Context, depth: int) -> tuple[Clause, ...]:
    """`_list`: it is on one of some Lists, or functional lists (`$current-problems`)."""
    named = [unescape(value) for value in values]
    functional = [name for name in named if name.startswith("$")]
    if not functional:
        return (members_of_lists(values),)
    targets = [target for name in functional for target in _current(rtype, name, context, depth)]
    stored = [value for value, name in zip(values, named, strict=True) if name not in functional]
    if stored and rtype is None:
        what, todo = "names Lists and functional lists at once, of all types", "name types, or ask for them apart"
        raise HubError(Category.UNSUPPORTED, what, where="_list", todo=todo, code="unknown-parameter")
    if stored and rtype is not None:
        targets.append(Target(bound_type(rtype), (members_of_lists(stored),)))
    if rtype is not None and len(targets) == 1:
        return targets[0].clauses
    return (Either(tuple(targets)) if targets else Ids(Bind([], "uuid[]")),)


def _current(rtype: str | None, name: str, context: Context, depth: int) -> Iterator[Target]:
    """What of a type, or of all, is on a functional list."""
    if name not in FUNCTIONAL_LISTS:
        todo = f"use one of {', '.join(FUNCTIONAL_LISTS)}, or the id of a List"
        raise HubError(Category.UNSUPPORTED, "is no functional list the hub has", where="_list", todo=todo)
    for one, criteria in FUNCTIONAL_LISTS[name].items():
        if rtype in {None, one}:
            found = [clause for code, value in criteria for clause in clauses_of(one, code, value, context, depth)]
            yield Target(bound_type(one), tuple(found))


def in_compartments(types: Sequence[str], whose: str, context: Context) -> Mentions:
    """It is the owner of a compartment, or names it by one of the parameters that put some types (all) there.

    Raises HubError UNSUPPORTED for a type that is in no such compartment.
    """
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
    each = [clauses_of(rtype, code, values.get(code, whose), context, depth) for code in _codes_of(owner, rtype)]
    return (Either(tuple(Target(bound_type(rtype), clauses) for clauses in each)),)


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
    targets, refusals = _each(types, rest, value, context, depth)
    if not targets:
        raise _unchained(refusals, rest.partition(".")[0].partition(":")[0], types)
    if canonical:
        return named(parameter, tuple(targets))
    lead = _lead(parameter) if types == ("Patient",) else None
    if lead is not None or expand:
        return Chain(_prefix(parameter.base, parameter.code), tuple(targets), lead, expand)
    targets += _inside(parameter.base, parameter.code, types, rest, value, context, depth)
    return _leading_on(parameter.base, parameter.code, targets)


def _each(
    types: Sequence[str], rest: str, value: str, context: Context, depth: int
) -> tuple[list[Target], list[HubError]]:
    """What the rest of a chain asks of each type, and the refusals of those that do not have it."""
    targets: list[Target] = []
    refusals: list[HubError] = []
    for rtype in types:
        try:
            targets.append(_target(rtype, rest, value, context, depth))
        except HubError as error:
            if error.code not in NOT_KNOWN:
                raise
            refusals.append(error)
    return targets, refusals


def _leading_on(base: str, code: str, targets: Sequence[Target]) -> Chain:
    return Chain(_prefix(base, code), tuple(targets), None, within=_prefix(base, step(code)))


def _prefix(base: str, code: str) -> Bind:
    return Bind(reference_prefix(param_number(base, code)), "bytea")


def _inside(
    base: str, code: str, types: Sequence[str], rest: str, value: str, context: Context, depth: int
) -> Iterator[Target]:
    """What the rest of a chain asks of resources of a type that contain what their `code` leads to.

    Asked of the last steps of a chain only: with each step more, the ways through what is contained would double.
    """
    if steps(code) == DEEPEST or rest.count(".") >= DEEPEST:
        return
    for rtype in types:
        try:
            asked = _of_contained(base, way(code, rtype), rtype, rest, value, context, depth + 1)
        except HubError as error:
            if error.code not in NOT_KNOWN:
                raise
            continue
        mark = Tokens(Bind([containing(base, code, rtype)], "uuid[]"))
        yield Target(bound_type(base), (*asked, mark), inside=True)


def _of_contained(
    base: str, one: str, rtype: str, name: str, value: str, context: Context, depth: int
) -> tuple[Clause, ...]:
    """The clauses a parameter of a contained resource means for the one that contains it; `one` is the way there.

    Raises HubError UNSUPPORTED (code in NOT_KNOWN) for what is not kept of it: it has no identity and no place.
    """
    head, dot, rest = name.partition(".")
    code, _, modifier = head.partition(":")
    known = parameter_of(rtype, code)
    if code.startswith("_") or known.type == "special" or (dot and by_canonical(known)):
        raise HubError(Category.UNSUPPORTED, "is not kept of what is contained", where=code, code="unknown-parameter")
    inner = replace(known, base=base, code=within(one, code))
    if not dot:
        modifier = _SPELT.get(modifier, modifier)
        return clauses(Asked(parameter=inner, modifier=modifier, values=split(value, ","), context=context))
    expand = modifier == EXPAND and "Patient" in followed(known, code).targets
    wanted = "Patient" if expand else modifier
    types = (wanted,) if wanted else followed(known, code).targets
    targets, refusals = _each(types, rest, value, context, depth)
    if not targets:
        raise _unchained(refusals, rest, types)
    if expand:
        return (Chain(_prefix(base, inner.code), tuple(targets), None, expand),)
    targets += _inside(base, inner.code, types, rest, value, context, depth)
    return (_leading_on(base, inner.code, targets),)


def _definitions(parameter: SearchParameter, types: Sequence[str]) -> tuple[str, ...]:
    """Those of some types that canonical URLs lead to. Raises HubError UNSUPPORTED for a parameter of one's own."""
    if not is_canonical(parameter.base, parameter.code):
        what = "names definitions by canonical URLs, which are not followed by parameters of one's own"
        raise HubError(Category.UNSUPPORTED, what, where=parameter.code, code="unknown-parameter")
    return tuple(rtype for rtype in types if rtype not in RESOURCE_TYPES or is_named(rtype))


def _unchained(refusals: Sequence[HubError], step: str, types: Sequence[str]) -> HubError:
    """Why no type can go on with a chain, of what each of them said of its next `step`."""
    if not refusals:
        return HubError(Category.UNSUPPORTED, "refers to no type that can be chained")
    # What a type knows of the chain and then misses says more than that another does not know its next step.
    for refusal in refusals:
        if refusal.where != step or len(types) == 1:
            return refusal
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
    return Target(bound_type(rtype), clauses_of(rtype, name, value, context, depth + 1))


def bound_type(rtype: str) -> Bind:
    """The number of a type, bound."""
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
