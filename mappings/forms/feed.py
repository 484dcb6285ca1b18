"""What a feed of forms needs besides its translator: files into messages, and messages taken apart for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Dissector
from hub.kernel.types import Part
from mappings.forms.convert import form_of_table
from mappings.forms.future import seen_from
from mappings.forms.profile import Profile
from mappings.forms.questions import question_of
from mappings.forms.sources import tables
from mappings.forms.translator import form_of, unpacked
from mappings.forms.wording import wording


def messages(raw: bytes, profile: Profile, received: datetime | None = None) -> Iterator[tuple[str, bytes]]:
    """The rows of a file as messages, each with its place; `received` is when it came, if that counts.

    Raises HubError UNREADABLE, UNSUPPORTED or TOO_LARGE.
    """
    for table in tables(raw):
        form = form_of_table(table, profile)
        if form is None:
            raise HubError(Category.UNSUPPORTED, wording()["form-unknown"].english, code="form-unknown")
        for row in table.rows:
            seen = row if received is None else seen_from(row, form, profile, received)
            yield f"row {row.number}", seen.packed(form.name)


def dissector(profile: Profile) -> Dissector:
    """Takes rows apart: a part for every cell, named by its question."""

    def take_apart(raw: bytes) -> tuple[Part, ...]:
        form, row = unpacked(raw)
        known = form_of(row, form, profile)
        cells = []
        for column, text in row.cells.items():
            found = question_of(column, known, profile)
            name, kind = (found[0].text, found[0].type) if found else ("", "")
            cells.append(Part(at=column, name=name, type=kind, text=text, field=text))
        return (Part(at=known.name, name=known.title, parts=tuple(cells)),)

    return take_apart
