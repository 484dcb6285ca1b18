"""What a conditional reference means among what its own transaction writes (R4 http.html#trules, step 5).

References that are searches are resolved after the writes. What is written is not searchable before the commit, so
tokens, strings, dates and references without a modifier are compared with the resources themselves; other criteria
(chains, numbers, names that may be sounds) are asked of the record alone. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from hub.api.fhir.plan import Criterion, Step
from hub.fhir.emit_token import CONTACTS, FOLDED, SPECIAL_VALUES
from hub.fhir.extract import IndexValues, extract
from hub.fhir.fold import fold
from hub.fhir.prefixes import Prefix, holds, split_prefix
from hub.fhir.query_text import split, unescape
from hub.fhir.search_parameters import SearchParameter, parameters
from hub.fhir.temporal import compare
from hub.gate.released import Released
from hub.kernel.types import Json

#: What the hub gives, which is not in what was sent.
_OF_THE_HUB: Final = frozenset({"_id", "_lastUpdated", "_security"})
#: What is typed in Latin letters finds Chinese names, too, by their sound.
_SPOKEN: Final = frozenset({"name", "phonetic"})
#: Of no meaning where no value is approximate.
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def meant(criterion: Criterion, stored: Released | None, steps: Sequence[Step]) -> list[str]:
    """`Type/id` of what fulfils a criterion once the steps are done; `stored` is what does in the record now."""
    writing = [step for step in steps if step.type == criterion.type and not step.idle and not step.entry.patches]
    made = [f"{step.type}/{step.id}" for step in writing if fulfils(step.entry.resource, criterion)]
    known = [] if stored is None else [f"{stored.type}/{stored.id}"]
    changed = {f"{step.type}/{step.id}" for step in writing}
    # What is deleted or rewritten here is what it will be, if that can be told: an id in a reference may be a person's.
    told = _is_plain(criterion) and not any(_refers(criterion, name) for name, _ in criterion.params)
    kept = [name for name in known if name not in changed or not (told or _deletes(writing, name))]
    return list(dict.fromkeys([*made, *kept]))


def fulfils(resource: Json | None, criterion: Criterion) -> bool:
    """Whether a resource fulfils a plain criterion; no resource, and no other criterion, does."""
    if resource is None or not _is_plain(criterion):
        return False
    index, known = extract(resource), parameters(criterion.type)
    return all(_FITS[known[name].type](index, name, split(value, ",")) for name, value in criterion.params)


def _is_plain(criterion: Criterion) -> bool:
    known = parameters(criterion.type).keys() - _OF_THE_HUB
    return all(name in known and _compares(parameters(criterion.type)[name], value) for name, value in criterion.params)


def _compares(parameter: SearchParameter, value: str) -> bool:
    """Whether what the store would find by this can be told from the values of a resource alone."""
    if parameter.type == "date":
        return not any(one.startswith(Prefix.AP) for one in split(value, ","))
    return parameter.type in _FITS and not (parameter.code in _SPOKEN and value.isascii())


def _refers(criterion: Criterion, name: str) -> bool:
    return parameters(criterion.type)[name].type == "reference"


def _deletes(writing: Iterable[Step], name: str) -> bool:
    return any(step.entry.method == "DELETE" and f"{step.type}/{step.id}" == name for step in writing)


def _has_token(index: IndexValues, name: str, asked: Sequence[str]) -> bool:
    """Whether one of its (system, code) fits one of the alternatives of a value."""
    ways = [way for one in asked for way in _ways(name, [unescape(part) for part in split(one, "|", 1)])]
    return any(_fits(row[1], row[2], wanted) for code, wanted in ways for row in index.tokens if code in row[0])


def _ways(name: str, wanted: Sequence[str]) -> Iterable[tuple[str, Sequence[str]]]:
    """Parameters and values by which the store finds a token, as `hub.store.query_hashed` has it."""
    system, text = wanted[0] if len(wanted) > 1 else "", wanted[-1]
    if system in CONTACTS and name in {"telecom", system}:
        yield system, [text]
    elif system in SPECIAL_VALUES and text in {"true", "false"}:
        yield name, [text]
    else:
        yield name, wanted
        yield name + FOLDED, [*wanted[:-1], text.casefold()]


def _fits(system: str | None, code: str | None, wanted: Sequence[str]) -> bool:
    if len(wanted) == 1:
        return code == wanted[0]
    return (system or "") == wanted[0] and wanted[1] in ("", code)


def _has_string(index: IndexValues, name: str, asked: Sequence[str]) -> bool:
    wanted = tuple(fold(unescape(one)) for one in asked)
    return any(fold(text).startswith(wanted) for codes, text in index.strings if name in codes)


def _has_date(index: IndexValues, name: str, asked: Sequence[str]) -> bool:
    conditions = [compare(*split_prefix(one.replace(" ", "+")), _NEVER) for one in asked]
    rows = [(low, high) for codes, low, high in index.dates if name in codes]
    return any(holds(condition, low, high) for condition in conditions for low, high in rows)


def _has_reference(index: IndexValues, name: str, asked: Sequence[str]) -> bool:
    """`Type/id`, `id` or a URL, a canonical with or without its version."""
    rows = [
        (f"{rtype}/{rid}", rid, url, (url or "").partition("|")[0])
        for codes, rtype, rid, url in index.references
        if name in codes
    ]
    return any(unescape(one) in row for one in asked for row in rows)


_FITS: Final[Mapping[str, Callable[[IndexValues, str, Sequence[str]], bool]]] = {
    "token": _has_token,
    "string": _has_string,
    "date": _has_date,
    "reference": _has_reference,
}
