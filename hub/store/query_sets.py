"""Values that stand for many codes or resources: `:in`, `:not-in`, `:above`, `:below` (R4 search.html, Modifiers)."""

from __future__ import annotations

from typing import Final, Literal

from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store import tokens
from hub.store.asked import Asked, pieces
from hub.store.criteria import Bind, Clause, Members, Target, Tokens, Under
from hub.store.hierarchies import HIERARCHIES
from hub.store.resource_types import type_number

#: Modifiers of tokens that ask a value set or a code system.
SETS: Final = frozenset({"in", "not-in", "above", "below"})


def members(asked: Asked) -> Members:
    """Codes in a value set, or above or below a code."""
    kind: Literal["in", "above", "below"] = "in"
    names = asked.texts()
    if asked.modifier in {"above", "below"}:
        kind = "above" if asked.modifier == "above" else "below"
        parts = [pieces(value) for value in asked.values]
        if any(len(one) != 2 or not all(one) for one in parts):
            raise HubError(Category.INVALID, "names no code of a system", todo="write system|code")
        names = ["|".join(one) for one in parts]
    elif asked.context.base_url:
        names = [name.removeprefix(asked.context.base_url + "/") for name in names]
    where = f"{asked.parameter.code}:{asked.modifier}"
    return Members(asked.number(), where, kind, tuple(names), negated=asked.modifier == "not-in")


def related(asked: Asked) -> Clause:
    """`:above` and `:below` on a reference: versions of a canonical, or resources that are part of each other."""
    texts = asked.texts()
    local = [parse_reference(text, asked.context.base_url) for text in texts]
    if all(one is None and ":" in text for one, text in zip(local, texts, strict=True)):
        return _versions(asked, texts)
    known = [rtype for rtype in asked.parameter.targets if rtype in HIERARCHIES]
    named = {one.type for one in local if one is not None} or set(known)
    if len(named) != 1 or not named <= set(known):
        raise HubError(
            Category.UNSUPPORTED,
            f"modifier :{asked.modifier} needs one type whose resources are part of each other",
            todo=f"write {' or '.join(f'{rtype}/id' for rtype in known)}" if known else "leave it out",
            code="unknown-modifier",
        )
    (rtype,) = named
    keys = [reference_key(rtype, text if one is None else one.id) for one, text in zip(local, texts, strict=True)]
    return Under(
        Bind(tokens.reference_prefix(asked.number()), "bytea"),
        Target(Bind(type_number(rtype), "smallint"), ()),
        Bind(tokens.reference_prefix(tokens.param_number(rtype, HIERARCHIES[rtype])), "bytea"),
        Bind(keys, "uuid[]"),
        up=asked.modifier == "above",
    )


def _versions(asked: Asked, texts: list[str]) -> Tokens:
    if asked.modifier == "above":
        raise HubError(
            Category.UNSUPPORTED,
            "modifier :above is not defined for a canonical",
            todo="use :below",
            code="unknown-modifier",
        )
    return Tokens(Bind([tokens.below(asked.number(), text) for text in texts], "uuid[]"))
