"""Index rows of text: strings, uris, references (R4 search.html string, uri, reference).

Those that take a value, codes and `out` append a row for the codes; a value of another shape raises one of `walk.ODD`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hub.fhir.index_values import Codes, IndexValues
from hub.fhir.pointers import ABOUT_NOBODY
from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.pinyin import typed

#: Under what suffix of a code the pinyin of names stands: no value of the name itself, so `:exact` does not find it.
SOUND: Final = ".sound"
_SOUNDS: Final = ("name" + SOUND,)

#: The names of types, once for all references: a report may have a hundred thousand.
_TYPES: Final = {name: name for name in RESOURCE_TYPES}

_NAME_PARTS: Final = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS: Final = ("text", "line", "city", "district", "state", "country", "postalCode")


def text_of(value: Any) -> str:
    """A text that PostgreSQL can hold. Raises TypeError or ValueError for anything else."""
    if value.__class__ is not str:
        raise TypeError
    if "\0" in value:
        raise ValueError
    return value


def optional_text(value: Any) -> str | None:
    """As `text_of`, with None for what is absent."""
    return None if value is None else text_of(value)


def three_texts(first: Any, second: Any, third: Any) -> tuple[str | None, str | None, str | None]:
    """As `optional_text` of each. Codings and quantities have three, texts most often: a call for each costs more."""
    if first.__class__ is not str or "\0" in first:
        first = optional_text(first)
    if second.__class__ is not str or "\0" in second:
        second = optional_text(second)
    if third.__class__ is not str or "\0" in third:
        third = optional_text(third)
    return first, second, third


def string(value: Any, codes: Codes, out: IndexValues) -> None:
    text = text_of(value)
    out.strings.append((codes, text))


def human_name(value: Any, codes: Codes, out: IndexValues) -> None:
    for part in _parts(value, _NAME_PARTS):
        string(part, codes, out)
    if "name" in codes:
        sounds = (sound for part in _spoken(value) for sound in typed(part))
        out.strings.extend((_SOUNDS, sound) for sound in dict.fromkeys(sounds))


def _spoken(value: Any) -> Iterator[str]:
    """What of a name is said: all of it, the surname, the given names."""
    family, given = value.get("family") or "", "".join(_parts(value, ("given",)))
    yield from {value.get("text") or "", family + given, family, given}


def address(value: Any, codes: Codes, out: IndexValues) -> None:
    for part in _parts(value, _ADDRESS_PARTS):
        string(part, codes, out)


def _parts(value: Any, names: tuple[str, ...]) -> Iterator[Any]:
    """Values of the named properties, lists item by item; null stands for a part that has an extension only."""
    for name in names:
        found = value.get(name)
        yield from (part for part in (found if found.__class__ is list else (found,)) if part is not None)


def uri(value: Any, codes: Codes, out: IndexValues) -> None:
    for text in _with_and_without_version(text_of(value)):
        out.uris.append((codes, text))


def canonical(value: Any, codes: Codes, out: IndexValues) -> None:
    out.references.append((codes, None, None, text_of(value)))


def _with_and_without_version(text: str) -> tuple[str, ...]:
    """A canonical `url|version` is found by either form (R4 references.html#canonical)."""
    bare, bar, _ = text.partition("|")
    return (text, bare) if bar else (text,)


def reference(value: Any, codes: Codes, out: IndexValues) -> None:
    text = value.get("reference")
    if text.__class__ is not str or "\0" in text:
        text = optional_text(text)
    rtype = None
    if text:
        rtype, rid = local_target(text)
        url = None if rtype else text
        out.references.append((codes, rtype, rid, url))
    # What is told besides is withheld with the record it names (hub/gate/trimming.py), so it must not be found by; a
    # chain may ask that record itself.
    if rtype is None or rtype in ABOUT_NOBODY:
        _told(value, codes, out)


def _told(value: Any, codes: Codes, out: IndexValues) -> None:
    """Identifier and display of a reference."""
    display, identifier = optional_text(value.get("display")), value.get("identifier")
    if display:
        out.reference_texts.append((codes, display))
    if identifier is not None and identifier.get("value") is not None:
        system, business_id = optional_text(identifier.get("system")), text_of(identifier["value"])
        out.reference_identifiers.append((codes, system, business_id))


def embedded_resource(value: Any, codes: Codes, out: IndexValues) -> None:
    """A resource inside a Bundle, referenced by its own type and id."""
    rtype, rid = text_of(value["resourceType"]), text_of(value["id"])
    out.references.append((codes, rtype, rid, None))


def local_target(text: str) -> tuple[str, str] | tuple[None, None]:
    """Type and id of a relative reference, whatever version it names; two None for any other text."""
    named, _, rest = text.partition("/")
    rtype = _TYPES.get(named)
    if rtype is None or not rest:
        return None, None
    rid, slash, version = rest.partition("/")
    if slash and not version.startswith("_history/"):
        return None, None
    return rtype, rid


def points_to(value: Any, rtype: str) -> bool:
    """Whether a Reference states that its target has this type: in its text, else in its `type`."""
    if value.get("resourceType") == rtype or value.get("type") == rtype:
        return True
    text = value.get("reference")
    return text.__class__ is str and (text.startswith(rtype + "/") or f"/{rtype}/" in text)
