"""The words of terminology: concepts as they are loaded, and as they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from hub.kernel.types import Json

CODE_SYSTEM: Final = "CodeSystem"
VALUE_SET: Final = "ValueSet"
CONCEPT_MAP: Final = "ConceptMap"

ABSTRACT: Final = 1
INACTIVE: Final = 2


class Coding(NamedTuple):
    """A code of a system."""

    system: str
    code: str


class Stated(NamedTuple):
    """A code as somebody states it: with a display, and a version of its system, where they are told; `language` is
    that in which its name is to be told.
    """

    coding: Coding
    display: str = ""
    version: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A concept as a source gives it. `details` has the elements of CodeSystem.concept that are only shown:
    definition, designation, property. `facts` are properties as pairs of code and value, by which value sets filter.
    """

    code: str
    display: str = ""
    parents: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    abstract: bool = False
    inactive: bool = False
    details: Mapping[str, Any]

    def names(self) -> list[str]:
        """All texts it is found by."""
        return [self.display, *(str(one.get("value", "")) for one in self.details.get("designation", ()))]


class Source(Protocol):
    """A code system that can be read more than once, in the same order each time."""

    @property
    def head(self) -> Json:
        """The CodeSystem resource without its concepts; it has a url and a version."""
        ...

    @property
    def digest(self) -> bytes:
        """A hash of the content."""
        ...

    def links(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each code with those right above it."""
        ...

    def concepts(self) -> Iterator[Concept]:
        """Each concept, in the order of `links`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version of an artefact that is ready."""

    number: int
    kind: str
    url: str
    version: str
    current: bool
    total: int
    loaded: datetime
    head: Json
    #: Id under which it stands as a resource.
    resource: str

    @property
    def whole(self) -> bool:
        """Whether a code it does not have is none."""
        return self.head.get("content") == "complete"

    @property
    def kinds(self) -> bool:
        """Whether its levels are kinds (R4 codesystem.html, hierarchyMeaning; most that state none mean that)."""
        return bool(self.head.get("hierarchyMeaning", "is-a") == "is-a")

    @property
    def folds(self) -> bool:
        """Whether codes that differ in case alone are one (R4 codesystem.html, caseSensitive)."""
        return folds_case(self.head)

    @property
    def canonical(self) -> str:
        return f"{self.url}|{self.version}" if self.version else self.url

    def key(self, code: str) -> str:
        """A code as it is compared (R4 codesystem.html, caseSensitive)."""
        return code_key(self.head, code)


def code_key(head: Json, code: str) -> str:
    """A code as the code system `head` compares it."""
    return code.casefold() if folds_case(head) else code


def folds_case(head: Json) -> bool:
    """Whether codes of the code system `head` that differ in case alone are one."""
    return head.get("caseSensitive") is False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A concept as it stands in an edition; `details` as in `Concept`, those of supplements among them."""

    number: int
    code: str
    display: str
    flags: int
    parents: tuple[int, ...]
    ancestors: frozenset[int]
    details: Json

    @property
    def inactive(self) -> bool:
        return bool(self.flags & INACTIVE)

    @property
    def abstract(self) -> bool:
        return bool(self.flags & ABSTRACT)

    def named(self, language: str) -> str:
        """Its name in a language (BCP 47; the primary subtag is enough), or its display."""
        return self._designated(language) or self.display

    def renamed(self, own: Json) -> Found:
        """As a value set names it: with the display and before the designations of its own."""
        names = [*own.get("designation", ()), *self.details.get("designation", ())]
        details = {**self.details, "designation": names} if names else self.details
        return replace(self, display=own.get("display") or self.display, details=details)

    def told_in(self, language: str, spoken: str) -> str:
        """Its name in a language, the display being in `spoken`; "" if it has none."""
        same = bool(spoken) and _primary(spoken) == _primary(language)
        return self.display if same and self.display else self._designated(language)

    def _designated(self, language: str) -> str:
        wanted = _primary(language)
        for one in self.details.get("designation", ()) if wanted else ():
            if _primary(str(one.get("language", ""))) == wanted:
                return str(one["value"])
        return ""


def _primary(language: str) -> str:
    """The primary subtag of a language tag."""
    return language.partition("-")[0].lower()
