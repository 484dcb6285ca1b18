"""The parameters of Patient/$merge, read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Parameter, the element that holds its value, and whether it may be repeated.
_READ: Final = {
    "source-patient": ("valueReference", False),
    "source-patient-identifier": ("valueIdentifier", True),
    "target-patient": ("valueReference", False),
    "target-patient-identifier": ("valueIdentifier", True),
    "result-patient": ("resource", False),
    "preview": ("valueBoolean", False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A Patient by its id ("" where it is not named so), by identifiers it must have, or by both."""

    id: str
    identifiers: tuple[Json, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who is merged into whom; the Patient that is to survive as it should stand; only to see what would come of it."""

    source: Party
    target: Party
    result: Json | None
    preview: bool


def read_wish(resource: Any) -> Wish:
    """Read Parameters. Raises HubError UNREADABLE (400) naming what cannot be read, or that nobody is named."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise _unreadable("body", "is not a Parameters resource")
    given = resource.get("parameter")
    told: dict[str, list[Any]] = {name: [] for name in _READ}
    for index, parameter in enumerate(given if isinstance(given, list) else ()):
        where = f"Parameters.parameter[{index}]"
        name = parameter.get("name") if isinstance(parameter, dict) else None
        if not isinstance(name, str) or name not in _READ or (told[name] and not _READ[name][1]):
            raise _unreadable(where, "is no parameter of this operation, or stands twice")
        told[name].append(_value(name, parameter, where))
    return Wish(
        source=_party("source", told),
        target=_party("target", told),
        result=next(iter(told["result-patient"]), None),
        preview=next(iter(told["preview"]), False),
    )


def _party(which: str, told: dict[str, list[Any]]) -> Party:
    references, identifiers = told[f"{which}-patient"], list(told[f"{which}-patient-identifier"])
    rid = ""
    for reference in references:
        identifiers += [reference["identifier"]] if isinstance(reference.get("identifier"), dict) else []
        if "reference" in reference:
            target = parse_reference(str(reference["reference"]).rpartition("/fhir/")[2])
            if target is None or target.type != "Patient":
                raise _unreadable(f"{which}-patient", "is no reference to a Patient of this server")
            rid = target.id
    if not rid and not identifiers:
        raise _unreadable(f"{which}-patient", "is not named")
    return Party(id=rid, identifiers=tuple(identifiers))


def _value(name: str, parameter: Json, where: str) -> Any:
    element = _READ[name][0]
    value = parameter.get(element)
    sound = isinstance(value, bool) if element == "valueBoolean" else isinstance(value, dict)
    if not sound or (element == "resource" and value.get("resourceType") != "Patient"):  # type: ignore[union-attr]
        raise _unreadable(where, f"has no {element} this operation can use")
    return value


def _unreadable(where: str, what: str) -> HubError:
    return HubError(Category.UNREADABLE, what, where=where, todo="send Parameters as Patient/$merge says", code="merge")
