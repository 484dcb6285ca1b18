"""The search parameters of an installation besides those of R4: what is written for them, and which are answered.

Beside them, of which of R4's own the index is not complete, since an earlier release of the hub made it.

A definition has a number of its own, and its values stand in the index under `code.number`. So a definition that
changes begins anew, and what the index holds of an earlier one is found by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from hub.fhir.extract import Extractor
from hub.fhir.index_values import IndexValues
from hub.fhir.search_parameters import SearchParameter
from hub.kernel.types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Defined:
    """One parameter of one resource type, with the number of its definition.

    `ready`: the index holds it of every resource. Else `done` of `total` resources have been looked at (None: not
    counted yet).
    """

    parameter: SearchParameter
    number: int
    ready: bool
    done: int = 0
    total: int | None = None

    @property
    def indexed(self) -> SearchParameter:
        """The parameter under the name of its values."""
        return replace(self.parameter, code=f"{self.parameter.code}.{self.number}")

    @property
    def percent(self) -> int:
        """How far the index is, 0 to 90 in steps of ten: it says little of how many resources there are."""
        return _percent(self.done, self.total)


def _percent(done: int, total: int | None) -> int:
    return min(90, 10 * done // total * 10) if total else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """The parameters of one resource type that find too little until its rows are indexed anew, and how far that is."""

    codes: frozenset[str]
    done: int
    total: int | None

    @property
    def percent(self) -> int:
        """As `Defined.percent`."""
        return _percent(self.done, self.total)


@dataclass(frozen=True, slots=True)
class Custom:
    """All of them in one version of the registry, by resource type and code; `extractors` give the values of a type.

    `indexed` is the version of the index that is kept, None where none is stated; `partial` what is behind it, by type.
    """

    version: int = 0
    defined: Mapping[str, Mapping[str, Defined]] = field(default_factory=dict)
    extractors: Mapping[str, Extractor] = field(default_factory=dict)
    indexed: int | None = None
    partial: Mapping[str, Partial] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether none is being indexed."""
        return all(one.ready for of_type in self.defined.values() for one in of_type.values())

    def get(self, rtype: str, code: str) -> Defined | None:
        """One of them; None if there is none."""
        return self.defined.get(rtype, {}).get(code)

    def answered(self, rtype: str) -> dict[str, SearchParameter]:
        """Those of a type that are answered, by the code they are asked by."""
        return {code: one.parameter for code, one in self.defined.get(rtype, {}).items() if one.ready}

    def finds_too_little(self, asked: Iterable[tuple[str, str]]) -> tuple[tuple[str, int], ...]:
        """Those of R4's own, by type and code, that are behind: as `Type.code`, and how far the index is in percent.

        The type "Resource" stands for all of them: how far the last one is.
        """
        if not self.partial:
            return ()
        found = ((f"{rtype}.{code}", self._least(rtype, code)) for rtype, code in asked)
        return tuple((name, percent) for name, percent in found if percent is not None)

    def _least(self, rtype: str, code: str) -> int | None:
        of = self.partial.values() if rtype == "Resource" else filter(None, [self.partial.get(rtype)])
        return min((behind.percent for behind in of if code in behind.codes), default=None)

    def add(self, rtype: str, resource: Json, out: IndexValues) -> None:
        """Append the values of a resource of a type, of those too that are still being indexed."""
        extract = self.extractors.get(rtype)
        if extract is not None:
            extract(resource, out)


#: An installation without parameters of its own.
NONE: Final = Custom()


@lru_cache(maxsize=512)
def extractor(parameters: tuple[SearchParameter, ...]) -> Extractor:
    """What gives the values of some parameters of one type."""
    return Extractor(parameters)


def custom(
    version: int, defined: Iterable[Defined], indexed: int | None = None, partial: Mapping[str, Partial] | None = None
) -> Custom:
    """A version of the registry."""
    found: dict[str, dict[str, Defined]] = {}
    for one in defined:
        found.setdefault(one.parameter.base, {})[one.parameter.code] = one
    extractors = {rtype: extractor(tuple(one.indexed for one in own.values())) for rtype, own in found.items()}
    return Custom(version, found, extractors, indexed, partial or {})
