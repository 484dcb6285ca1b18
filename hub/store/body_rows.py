"""Index rows made of a resource as a whole: its full text, and what a List lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from hub.fhir import full_text, grams
from hub.fhir.pointers import pointers
from hub.fhir.references import parse_reference
from hub.kernel.types import Json
from hub.store import tokens
from hub.store.index_rows import IndexRows
from hub.store.tokens import param_number

TEXT: Final = param_number("Resource", "_text")
CONTENT: Final = param_number("Resource", "_content")

#: Stands for the entries of a List that are its members now (R4 search.html, Searching Lists).
MEMBER: Final = param_number("List", "item:member")


def add_texts(rows: IndexRows, resource: Json, body: bytes, *, trimmed: bool) -> None:
    """The full text of a resource; `trimmed`: it is cleared as it leaves of what it repeats of the hidden.

    Then the text counts only for whom nothing of that is hidden, so that nothing is found that would not be shown.
    """
    about = [tokens.key(*pointer) for pointer in pointers(body)] if trimmed else []
    _add(rows, TEXT, [full_text.narrative(resource)], about)
    _add(rows, CONTENT, full_text.contents(resource), about)


def _add(rows: IndexRows, param: int, texts: Iterable[str], about: list[UUID]) -> None:
    found = grams.indexed(texts)
    if found:
        rows.params[param] = None
        rows.texts.append((param, found, about))


def add_members(rows: IndexRows, resource: Json) -> None:
    """What a List lists, but for entries marked as deleted."""
    for entry in resource.get("entry", ()):
        target = parse_reference(str(entry.get("item", {}).get("reference", "")))
        if target is not None and entry.get("deleted") is not True:
            rows.tokens[tokens.target(MEMBER, target.type, target.id)[1].bytes] = None
