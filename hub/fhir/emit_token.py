"""Index rows of tokens (R4 search.html 3.1.1.4.10: what is system and code in each data type).

Each appends a row for each code given; a value of another shape raises one of `walk.ODD`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hub.fhir.emit_text import optional_text, text_of
from hub.fhir.index_values import IndexValues


def code(system: str | None) -> Callable[[Any, Sequence[str], IndexValues], None]:
    """For elements of type code: their system is implied by the value set they are bound to."""

    def emit(value: Any, codes: Sequence[str], out: IndexValues) -> None:
        text = text_of(value)
        for param in codes:
            out.tokens.append((param, system, text, None))

    return emit


def boolean(value: Any, codes: Sequence[str], out: IndexValues) -> None:
    if value.__class__ is not bool:
        raise TypeError
    for param in codes:
        out.tokens.append((param, None, "true" if value else "false", None))


def coding(value: Any, codes: Sequence[str], out: IndexValues) -> None:
    get = value.get
    row = optional_text(get("system")), optional_text(get("code")), optional_text(get("display"))
    if row != (None, None, None):
        for param in codes:
            out.tokens.append((param, *row))


def concept(value: Any, codes: Sequence[str], out: IndexValues) -> None:
    for item in value.get("coding", ()):
        coding(item, codes, out)
    text = value.get("text")
    if text is not None:
        checked = text_of(text)
        for param in codes:
            out.tokens.append((param, None, None, checked))


def identifier(value: Any, codes: Sequence[str], out: IndexValues) -> None:
    system, number = optional_text(value.get("system")), optional_text(value.get("value"))
    kind = value.get("type") or {}
    if number is not None or system is not None:
        for param in codes:
            out.tokens.append((param, system, number, optional_text(kind.get("text"))))
    if number is not None:
        for item in kind.get("coding", ()):
            if item.get("code") is not None:
                for param in codes:
                    row = (param, optional_text(item.get("system")), text_of(item["code"]), number)
                    out.identifiers_of_type.append(row)


def contact_point(value: Any, codes: Sequence[str], out: IndexValues) -> None:
    number = value.get("value")
    if number is not None:
        text = text_of(number)
        for param in codes:
            out.tokens.append((param, None, text, None))
