"""What chains find inside a resource: the values of resources it contains, under the references that lead to them.

R4 search.html 3.1.1.5.5, Contained Resources: "a chained condition will be evaluated inside contained resources". A
contained resource has no identity of its own, so its values are values of its container, by parameters named after the
way: where `medication` leads to a contained Medication, `medication>Medication.code` is the code of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from msgspec.structs import asdict

from hub.fhir.extract import extract
from hub.fhir.index_values import Codes, IndexValues
from hub.fhir.search_parameters import RESOURCE_TYPES, parameters
from hub.kernel.types import Json

_STEP: Final = ">"
#: Steps from one contained resource to the next that are followed.
DEEPEST: Final = 2


def step(code: str) -> str:
    """Stands for a reference parameter that leads to something contained."""
    return code + _STEP


def way(code: str, rtype: str) -> str:
    """Stands for a reference parameter that leads to a contained resource of a type."""
    return step(code) + rtype


def within(one: str, code: str) -> str:
    """The parameter of a contained resource, as one of its container; `one` is the way there."""
    return f"{one}.{code}"


def steps(code: str) -> int:
    """How many contained resources are gone through to a parameter."""
    return code.count(_STEP)


def add_contained(resource: Json, values: IndexValues) -> list[tuple[str, str]]:
    """Append what chains find in contained resources. Gives the references that lead to them: (parameter, type)."""
    contained = resource.get("contained")
    if not contained:
        return []
    named = {f"#{one['id']}": one for one in contained if _is_known(one)}
    ahead = list(_pointers(values.references))
    gone: dict[tuple[str, str], str] = {}
    for code, url in ahead:
        if url not in named or (code, url) in gone:
            continue
        rtype = gone[code, url] = named[url]["resourceType"]
        found = extract(named[url])
        _append(way(code, rtype), rtype, found, values)
        if steps(code) + 1 < DEEPEST:
            ahead += [(within(way(code, rtype), own), further) for own, further in _pointers(found.references)]
    return list(dict.fromkeys((code, rtype) for (code, _), rtype in gone.items()))


def _is_known(one: Any) -> bool:
    return isinstance(one, dict) and one.get("resourceType") in RESOURCE_TYPES and "id" in one


def _pointers(references: list[Any]) -> Iterator[tuple[str, str]]:
    for codes, _, _, url in references:
        if url is not None and url.startswith("#"):
            yield from ((code, url) for code in codes)


def _append(one: str, rtype: str, found: IndexValues, values: IndexValues) -> None:
    """A container has no place of its own by what it contains: positions stay out."""
    found.positions.clear()
    for name, rows in asdict(found).items():
        if isinstance(rows, list):
            getattr(values, name).extend((codes, *row[1:]) for row in rows if (codes := _codes(one, rtype, row[0])))


@lru_cache(maxsize=1024)
def _codes(one: str, rtype: str, codes: Codes) -> Codes:
    """What is the same in every type (`_tag`) is told of resources that have an identity."""
    known = parameters(rtype)
    return tuple(within(one, code) for code in codes if code.partition(":")[0] in known and not code.startswith("_"))
