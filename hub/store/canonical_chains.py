"""Chains along canonical URLs: what names a definition (R4 search.html#chaining, references.html#canonical).

A definition is named by its `url` with its `version`, or without any: then every version is meant, as in includes
(hub.store.canonical_includes). Both texts of a definition stand in its row, for `_sort`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hub.fhir.search_parameters import SearchParameter, parameters
from hub.store.criteria import Bind, Named, Target
from hub.store.emit import Emitter, text_token
from hub.store.resource_types import type_name
from hub.store.tokens import param_number, text_prefix, unversioned_prefix

if TYPE_CHECKING:
    from hub.store.scan import Scan

URL: Final = "url"
VERSION: Final = "version"


def is_named(rtype: str) -> bool:
    """Whether resources of a type are called by canonical URLs."""
    return {URL, VERSION} <= parameters(rtype).keys()


def named(parameter: SearchParameter, targets: tuple[Target, ...]) -> Named:
    """It names one of the targets by a parameter of canonical URLs."""
    number = param_number(parameter.base, parameter.code)
    types = [type_name(target.type.value) for target in targets]
    return Named(
        Bind(text_prefix(number), "bytea"),
        Bind(unversioned_prefix(number), "bytea"),
        Bind([param_number(rtype, URL) for rtype in types], "integer[]"),
        Bind([param_number(rtype, VERSION) for rtype in types], "integer[]"),
        targets,
    )


def hashes(emit: Emitter, clause: Named, definitions: Sequence[Scan]) -> str:
    """An array of the hashes of all canonical URLs that mean one of the definitions."""
    urls, versions, n = emit.use(clause.urls), emit.use(clause.versions), emit.alias("n")
    each = " UNION ALL ".join(
        found.sql(f"{_told(emit, found.row, urls)}, {_told(emit, found.row, versions)}") for found in definitions
    )
    whole = text_token(emit.use(clause.versioned), f"{n}.url || '|' || {n}.version")
    bare = text_token(emit.use(clause.bare), f"{n}.url")
    h = emit.alias("h")
    return (
        f"ARRAY(SELECT {h}.hash FROM ({each}) {n} (url, version)"
        f" CROSS JOIN LATERAL (VALUES ({bare}), ({whole})) {h} (hash) WHERE {h}.hash IS NOT NULL)"
    )


def _told(emit: Emitter, row: str, params: str) -> str:
    s = emit.alias("s")
    texts = f"unnest({row}.sort_params, {row}.sort_texts) AS {s} (param, value)"
    return f"(SELECT {s}.value FROM {texts} WHERE {s}.param = ANY({params}) LIMIT 1)"
