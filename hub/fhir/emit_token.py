"""Index rows of tokens (R4 search.html 3.1.1.4.10: what is system and code in each data type).

Each appends a row for the codes given; a value of another shape raises one of `walk.ODD`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from hub.fhir.emit_text import optional_text, text_of, three_texts
from hub.fhir.index_values import Codes, IndexValues

#: What stands behind a parameter for its values without case, and for what they are below.
FOLDED: Final = ":folded"
BELOW: Final = ":below"

#: Systems by which a ContactPoint may be asked for: each has a parameter of its name, beside `telecom` for all.
CONTACTS: Final = frozenset({"phone", "email"})
#: The system of booleans in R4, and the same where it stands now.
SPECIAL_VALUES: Final = frozenset(
    {"http://hl7.org/fhir/special-values", "http://terminology.hl7.org/CodeSystem/special-values"}
)


def code(system: str | None) -> Callable[[Any, Codes, IndexValues], None]:
    """For elements of type code: their system is implied by the value set they are bound to."""

    def emit(value: Any, codes: Codes, out: IndexValues) -> None:
        text = text_of(value)
        out.tokens.append((codes, system, text, None))

    return emit


def string(value: Any, codes: Codes, out: IndexValues) -> None:
    """As it stands, and in no case: a token on a string is not case sensitive."""
    text = text_of(value)
    out.tokens.append((codes, None, text, None))
    out.tokens.append((_beside(codes, FOLDED), None, text.casefold(), None))


def mime_type(system: str | None) -> Callable[[Any, Codes, IndexValues], None]:
    """For media types, which stand below themselves without parameters, and below their first part."""
    emit_whole = code(system)

    def emit(value: Any, codes: Codes, out: IndexValues) -> None:
        emit_whole(value, codes, out)
        base = value.partition(";")[0].strip().casefold()
        for wider in dict.fromkeys((base, base.partition("/")[0])):
            out.tokens.append((_beside(codes, BELOW), None, wider, None))

    return emit


@lru_cache(maxsize=256)
def _beside(codes: Codes, suffix: str) -> Codes:
    return tuple(one + suffix for one in codes)


def boolean(value: Any, codes: Codes, out: IndexValues) -> None:
    if value.__class__ is not bool:
        raise TypeError
    out.tokens.append((codes, None, "true" if value else "false", None))


def coding(value: Any, codes: Codes, out: IndexValues) -> None:
    get = value.get
    row = three_texts(get("system"), get("code"), get("display"))
    if row != (None, None, None):
        out.tokens.append((codes, *row))


def concept(value: Any, codes: Codes, out: IndexValues) -> None:
    for item in value.get("coding", ()):
        coding(item, codes, out)
    text = value.get("text")
    if text is not None:
        out.tokens.append((codes, None, None, text_of(text)))


def identifier(value: Any, codes: Codes, out: IndexValues) -> None:
    system, number = optional_text(value.get("system")), optional_text(value.get("value"))
    kind = value.get("type") or {}
    if number is not None or system is not None:
        out.tokens.append((codes, system, number, optional_text(kind.get("text"))))
    if number is not None:
        for item in kind.get("coding", ()):
            if item.get("code") is not None:
                row = (codes, optional_text(item.get("system")), text_of(item["code"]), number)
                out.identifiers_of_type.append(row)


def contact_point(value: Any, codes: Codes, out: IndexValues) -> None:
    number = value.get("value")
    if number is not None:
        out.tokens.append((codes, None, text_of(number), None))
