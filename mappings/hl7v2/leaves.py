"""Reading leaves the way the mappings want them: trimmed, printable, and `""` inside a field taken as empty."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.parser import Repetition, Segment

_KEPT: Final = frozenset("\t\r\n")


def clean(text: str) -> str:
    """Text as a FHIR string may hold it (R4 datatypes, string): no controls, no blanks around it."""
    return _printable(text).strip()


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join([c for c in text if c >= " " or c in _KEPT])


def lines(segment: Segment, n: int) -> list[str]:
    """A text for people (TX, FT), each repetition a line: blanks before it are part of how it looks, those behind not.

    So HL7 v2.5.1, 2.A.78. A line that is empty, or only says `""`, is a blank one.
    """
    return ["" if rep.is_null else _printable(rep.plain()).rstrip() for rep in segment.repetitions(n)]


def leaf(rep: Repetition, comp: int, sub: int = 1) -> str:
    """The leaf, or "" where it is empty or only says `""`. Most are asked for in vain or stand as they are meant."""
    simple = rep.simple
    if simple is None:
        simple = rep.simplify()
    if simple:
        return simple[comp - 1] if sub == 1 and comp <= len(simple) else ""
    components = rep.components()
    if comp > len(components):
        return ""
    text = components[comp - 1]
    if not text or text == '""':
        return ""
    separators = rep.separators
    if sub > 1 or separators.subcomponent in text or separators.escape in text:
        text = rep.get(comp, sub)
        if text == '""':
            return ""
    return text.strip() if text.isprintable() else clean(text)


def component(rep: Repetition, comp: int) -> str:
    """The whole component, its subcomponents joined by `&` as they were sent."""
    if rep.simple:
        return leaf(rep, comp)
    components = rep.components()
    if comp > len(components) or rep.separators.subcomponent not in components[comp - 1]:
        return leaf(rep, comp)
    return clean("&".join(rep.subcomponents(comp)).rstrip("&"))


def field(segment: Segment | None, n: int, comp: int = 1, sub: int = 1) -> str:
    """The leaf of the first repetition of a field, or "" if there is no such segment or leaf."""
    if segment is None:
        return ""
    raw = segment.raw(n)
    if not raw or raw.isalnum():  # nothing in it divides it, or has to be made readable
        return raw if comp == 1 and sub == 1 else ""
    return leaf(segment.repetitions(n)[0], comp, sub)


def says_something(segment: Segment, first: int = 2) -> bool:
    """Whether any field from `first` on holds more than delimiters and `""`."""
    return any(text.strip('"^~&|') for text in segment.fields()[first:])
