"""Filters of a subscription: `Encounter?patient=Patient/123&status=finished`, read once, compared many times. Pure.

Backport 1.1.0, extension backport-filter-criteria: search criteria on a type the topic is about. Here every condition
is an equality on a token or reference parameter, with alternatives after commas (R4 search.html#combining); all of
the conditions on a type hold together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from hub.events.topics import Topic
from hub.fhir.extract import extract
from hub.fhir.references import relative
from hub.fhir.search_parameters import parameters
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Most filters, conditions and alternatives of one subscription, each.
MOST: Final = 100
_WHERE: Final = "Subscription.criteria.extension"
_ID: Final = "_id"

#: What one parameter must be: one of these texts, in a form `keys_of` gives.
Condition = tuple[str, frozenset[str]]
#: Conditions by resource type; a type without an entry is not told when there are others.
Filters = Mapping[str, tuple[Condition, ...]]


@dataclass(frozen=True, slots=True)
class Values:
    """The texts by which one resource may be found, by parameter."""

    by_name: Mapping[str, frozenset[str]]

    def meet(self, conditions: Iterable[Condition]) -> bool:
        """Whether all conditions hold."""
        nothing: frozenset[str] = frozenset()
        return all(not wanted.isdisjoint(self.by_name.get(name, nothing)) for name, wanted in conditions)


def read_filters(texts: Sequence[str], topic: Topic, base_url: str) -> Filters:
    """The filters as they are written. Raises HubError INVALID or UNSUPPORTED naming the parameter, never its value."""
    if len(texts) > MOST:
        raise _invalid(f"has more than {MOST} filters")
    found: dict[str, tuple[Condition, ...]] = {}
    for text in texts:
        rtype, _, query = text.partition("?")
        rtype = rtype or topic.type
        if rtype not in topic.types:
            raise _invalid("names a resource type that the topic is not about")
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST) if query else []
        found[rtype] = (*found.get(rtype, ()), *(_condition(topic, rtype, *pair, base_url) for pair in pairs))
    return found


def _condition(topic: Topic, rtype: str, name: str, text: str, base_url: str) -> Condition:
    if name not in topic.can_filter_by(rtype):
        raise HubError(
            Category.UNSUPPORTED,
            f"this topic cannot be filtered by {_plain(name)}",
            where=_WHERE,
            todo="use the parameters that the topic lists",
            code="filter-parameter",
        )
    given = [part.strip() for part in text.split(",")]
    if not all(given) or len(given) > MOST:
        raise _invalid(f"has no value, or too many, for {name}")
    if _is_reference(rtype, name):
        given = [relative(part, base_url) or part for part in given]
    return name, frozenset(given)


def _is_reference(rtype: str, name: str) -> bool:
    return name != _ID and parameters(rtype)[name].type == "reference"


def values_of(resource: Json, *, patient: str | None = None, person: str | None = None) -> Values:
    """The texts a resource is found by. A reference to the source `patient` counts as one to its `person` too."""
    found: dict[str, set[str]] = {_ID: {str(resource.get("id", ""))}}
    index = extract(resource)
    for names, system, code, *_ in index.tokens:
        for name in names:
            found.setdefault(name, set()).update(_token(system, code))
    for names, kind, rid, url in index.references:
        told = {f"{kind}/{rid}", str(rid)} if kind else {str(url)}
        if person is not None and kind == "Patient" and rid == patient:
            told |= {f"Patient/{person}", person}
        for name in names:
            found.setdefault(name, set()).update(told)
    return Values({name: frozenset(texts) for name, texts in found.items()})


def _token(system: str | None, code: str | None) -> Iterable[str]:
    """R4 search.html#token: `code`, `system|code`, `|code`, `system|`."""
    if code is not None:
        yield code
        yield f"{system or ''}|{code}"
    if system:
        yield f"{system}|"


def _plain(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and len(name) < 40 else "this parameter"


def _invalid(what: str) -> HubError:
    return HubError(Category.INVALID, what, where=_WHERE, todo="write Type?parameter=value", code="filter")
