"""Chains and `_has` along canonical URLs: what names a definition (R4 search.html#chaining, references.html#canonical).

A definition is named by its `url` with its `version`, or without any: then every version is meant, as in includes
(hub.store.canonical_includes). Both texts of a definition stand in its row, for `_sort`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hub.fhir.search_parameters import SearchParameter, parameters
from hub.store.canonical_includes import URL
from hub.store.criteria import Bind, Named, NamedBy, Target
from hub.store.emit import Emitter, text_token
from hub.store.resource_types import type_name
from hub.store.tokens import param_number, text_prefix, unversioned_prefix

if TYPE_CHECKING:
    from hub.store.scan import Scan

#: The search parameter of what version of a definition it is.
VERSION: Final = "version"


def is_named(rtype: str) -> bool:
    """Whether resources of a type are called by canonical URLs."""
    return {URL, VERSION} <= parameters(rtype).keys()


def named(parameter: SearchParameter, targets: tuple[Target, ...]) -> Named:
    """It names one of the targets by a parameter of canonical URLs."""
    return Named(*_binds(parameter, [type_name(target.type.value) for target in targets]), targets)


def named_by(parameter: SearchParameter, rtype: str, target: Target) -> NamedBy:
    """A definition of a type that the target names by a parameter of canonical URLs."""
    return NamedBy(*_binds(parameter, [rtype]), target)


def _binds(parameter: SearchParameter, types: Sequence[str]) -> tuple[Bind, Bind, Bind, Bind]:
    number = param_number(parameter.base, parameter.code)
    return (
        Bind(text_prefix(number), "bytea"),
        Bind(unversioned_prefix(number), "bytea"),
        Bind([param_number(rtype, URL) for rtype in types], "integer[]"),
        Bind([param_number(rtype, VERSION) for rtype in types], "integer[]"),
    )


def hashes(emit: Emitter, clause: Named, definitions: Sequence[Scan]) -> str:
    """An array of the hashes of all canonical URLs that mean one of the definitions."""
    each = [found.sql(_called(emit, clause, found.row)) for found in definitions]
    return f"ARRAY({_hashes(emit, clause, ' UNION ALL '.join(each))})"


def is_named_by(emit: Emitter, clause: NamedBy, row: str, naming: Scan) -> str:
    """Whether one of the rows of a scan has a canonical URL that means the row."""
    means = f"ARRAY({_hashes(emit, clause, f'SELECT {_called(emit, clause, row)}')})"
    naming.conditions.append(f"{naming.row}.tokens && {means}")
    return f"EXISTS ({naming.sql('1')})"


def _hashes(emit: Emitter, clause: Named | NamedBy, called: str) -> str:
    """A SELECT of the hashes of what rows of (url, version) are called: with the version, and without any."""
    n, h = emit.alias("n"), emit.alias("h")
    whole = text_token(emit.use(clause.versioned), f"{n}.url || '|' || {n}.version")
    bare = text_token(emit.use(clause.bare), f"{n}.url")
    return (
        f"SELECT {h}.hash FROM ({called}) {n} (url, version)"
        f" CROSS JOIN LATERAL (VALUES ({bare}), ({whole})) {h} (hash) WHERE {h}.hash IS NOT NULL"
    )


def _called(emit: Emitter, clause: Named | NamedBy, row: str) -> str:
    return f"{_told(emit, row, emit.use(clause.urls))}, {_told(emit, row, emit.use(clause.versions))}"


def _told(emit: Emitter, row: str, params: str) -> str:
    s = emit.alias("s")
    texts = f"unnest({row}.sort_params, {row}.sort_texts) AS {s} (param, value)"
    return f"(SELECT {s}.value FROM {texts} WHERE {s}.param = ANY({params}) LIMIT 1)"
