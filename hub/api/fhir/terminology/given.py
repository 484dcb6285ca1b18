"""The input of an operation that also takes codings and resources: query parameters, or a Parameters resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.api.fhir.exchange import Ask
from hub.gate.parameters import unknown
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.model import Coding, Stated

_TRUTH: Final = {"true": True, "false": False}

#: Structures of one name, and codings of one concept, that one request may give; each is looked up.
_MANY: Final = 100
#: Characters a code or a system may have: they are keys of what is kept in memory.
_LONGEST: Final = 1_000


class Given:
    """What was given, by name. Every method raises HubError UNREADABLE (400) for a value that cannot be."""

    def __init__(self, values: Mapping[str, list[Any]]) -> None:
        self._values: Final = values

    def text(self, name: str) -> str:
        """A text, "" where there is none."""
        value = self._one(name)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise unreadable(name, "is not a text")
        return "" if value is None else str(value)

    def texts(self, name: str) -> list[str]:
        """All texts of a name that may stand several times."""
        found = self._values.get(name, [])
        if not all(isinstance(one, str) for one in found):
            raise unreadable(name, "is not a text")
        return found

    def flag(self, name: str) -> bool:
        """A boolean, false where there is none."""
        return bool(self.choice(name))

    def choice(self, name: str) -> bool | None:
        """A boolean, or that there is none."""
        value = self._one(name)
        found = _TRUTH.get(value, value) if isinstance(value, str) else value
        if not isinstance(found, bool | None):
            raise unreadable(name, "is neither true nor false")
        return found

    def standing(self, **values: str) -> Given:
        """The same with these, which the URL says, in place of what was given."""
        return Given({**self._values, **{name: [value] for name, value in values.items()}})

    def number(self, name: str) -> int | None:
        """A whole number from 0."""
        text = self.text(name)
        if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise unreadable(name, "is not a whole number from 0")
        return int(text) if text else None

    def structure(self, name: str) -> Json | None:
        """A Coding, a CodeableConcept or a resource."""
        value = self._one(name)
        if not isinstance(value, dict | None):
            raise unreadable(name, "is not a structure")
        return value

    def structures(self, name: str) -> list[Json]:
        """All structures of a name that may stand several times."""
        found = self._values.get(name, [])
        if not all(isinstance(one, dict) for one in found):
            raise unreadable(name, "is not a structure")
        return few(found, name)

    def canonicals(self, name: str, *, versioned: bool = True) -> list[tuple[str, str]]:
        """`system|version`, several times; without `versioned` the version may be left out."""
        return [_canonical(name, text, versioned=versioned) for text in self.texts(name)]

    def coding(self, name: str = "coding", system: str = "system", code: str = "code") -> tuple[Coding, Json] | None:
        """A Coding, or `system` and `code`; with the elements that came with it."""
        found = self.structure(name)
        if found is None and self.text(code):
            found = {"system": self.text(system), "code": self.text(code)}
        return None if found is None else (coding_of(found, name), found)

    def codings(self, system: str = "system") -> list[tuple[Coding, Json]]:
        """The codings asked about: of a CodeableConcept, or one. Raises HubError UNREADABLE where there is none."""
        concept = self.structure("codeableConcept")
        if concept is not None:
            told = few(concept.get("coding", []), "codeableConcept")
            found = [(coding_of(one, "codeableConcept"), one) for one in told if isinstance(one, dict)]
        else:
            one = self.coding(system=system)
            found = [] if one is None else [one]
        if not found:
            raise unreadable("code", "is missing: give code and system, coding, or codeableConcept")
        return found

    def stated(self, system: str = "system", version: str = "version") -> list[Stated]:
        """As `codings`, with the display and the version that were given for all of them, or that each states; and the
        language of the answer. Raises HubError UNREADABLE for two versions of one.
        """
        display, of_all, language = self.text("display"), self.text(version), self.text("displayLanguage")
        found = []
        for coding, element in self.codings(system):
            own = str(element.get("version", ""))
            if own and of_all and own != of_all:
                raise unreadable(version, "is another than the coding states")
            found.append(Stated(coding, display or str(element.get("display", "")), of_all or own, language))
        return found

    def _one(self, name: str) -> Any:
        found = self._values.get(name, [])
        if len(found) > 1:
            raise unreadable(name, "stands twice")
        return found[0] if found else None


def few(found: Any, where: str) -> list[Any]:
    """A list one request may give. Raises HubError UNREADABLE for what is none, TOO_LARGE (413) for too many."""
    if not isinstance(found, list):
        raise unreadable(where, "is not a list")
    if len(found) > _MANY:
        what, todo = f"has over {_MANY} entries", "ask about them in several requests"
        raise HubError(Category.TOO_LARGE, what, where=where, todo=todo, code="too-costly")
    return found


def coding_of(found: Json, where: str) -> Coding:
    """A Coding with a system and a code."""
    system, code = found.get("system"), found.get("code")
    if not (isinstance(system, str) and system and isinstance(code, str) and code):
        raise unreadable(where, "needs a system and a code")
    if max(len(system), len(code)) > _LONGEST:
        raise unreadable(where, f"has a system or a code of over {_LONGEST} characters")
    return Coding(system, code)


def _canonical(name: str, text: str, *, versioned: bool) -> tuple[str, str]:
    system, _, version = text.partition("|")
    if not system or (versioned and not version):
        raise unreadable(name, "is not system|version")
    return system, version


def given(ask: Ask, known: frozenset[str]) -> Given:
    """Read the input of an operation whose parameters are `known`.

    Raises HubError UNSUPPORTED naming other parameters, UNREADABLE for a body that is no Parameters resource.
    """
    values: dict[str, list[Any]] = {}
    for name, value in ask.params:
        values.setdefault(name, []).append(value)
    for name, value in _of_body(ask.resource) if ask.resource is not None else ():
        values.setdefault(name, []).append(value)
    strange = sorted(values.keys() - known)
    if strange and not ask.preference.lenient:
        raise unknown(strange)
    return Given(values)


def _of_body(resource: Any) -> list[tuple[str, Any]]:
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise unreadable("body", "is not a Parameters resource")
    parameters = resource.get("parameter", [])
    if not isinstance(parameters, list):
        raise unreadable("Parameters.parameter", "is not a list")
    return [_named(one, f"Parameters.parameter[{at}]") for at, one in enumerate(parameters)]


def _named(parameter: Any, where: str) -> tuple[str, Any]:
    told = parameter if isinstance(parameter, dict) else {}
    values = [value for name, value in told.items() if name == "resource" or name.startswith("value")]
    if isinstance(told.get("part"), list) and not values:
        values = [dict(_named(one, f"{where}.part[{at}]") for at, one in enumerate(told["part"]))]
    if not isinstance(told.get("name"), str) or len(values) != 1:
        raise unreadable(where, "is not a name with one value")
    return told["name"], values[0]


def unreadable(where: str, what: str) -> HubError:
    """A bad request (400)."""
    return HubError(Category.UNREADABLE, what, where=where, todo="see the operation's definition", code="parameters")
