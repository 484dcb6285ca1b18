"""The rows of a file that could not be taken, or not whole, as a file for the clerk: mended, it is sent again.

It is CSV in UTF-8 with the mark that makes Excel read it so, with the columns as they were sent and the reasons, in
Chinese, in the last one. That column is no content: a row sent again unchanged is a duplicate, a mended one is new and
changes what the first one gave, since person, form and day are the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from mappings.forms.building import Building, Habits
from mappings.forms.convert import FACILITY, form_of_table
from mappings.forms.formmap import FormMap
from mappings.forms.future import seen_from
from mappings.forms.profile import DEFAULT, Profile
from mappings.forms.rows import REASONS, Row, Table
from mappings.forms.sources import tables
from mappings.forms.translator import told_of
from mappings.forms.wording import wording

_NOT_TAKEN: Final = "未接收"
_IN_PART: Final = "部分接收"
#: A cell that begins so is a formula to a spreadsheet program.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def errors_file(raw: bytes, profile: Profile = DEFAULT, received: datetime | None = None) -> bytes:
    """The rows with fatal issues or errors, as far as the file can be read; b"" if there is none.

    `received`: dates after it are errors.
    """
    habits = Habits(facility=FACILITY, ids=keyed_ids(PUBLIC_KEY), profile=profile)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    with suppress(HubError):
        for table in tables(raw):
            columns = [name for name in table.columns if name != REASONS]
            failed = list(_failed(table, habits, received))
            if failed:
                writer.writerow([*map(_inert, columns), REASONS])
            for row, reasons in failed:
                writer.writerow([*(_inert(row.cells.get(name, "")) for name in columns), reasons])
    text = out.getvalue()
    return text.encode("utf-8-sig") if text else b""


def _failed(table: Table, habits: Habits, received: datetime | None) -> Iterator[tuple[Row, str]]:
    form = form_of_table(table, habits.profile)
    for row in table.rows:
        seen = seen_from(row, form, habits.profile, received) if form and received else row
        reasons = _reasons(seen, form, habits) if form else f"{_NOT_TAKEN}: {wording()['form-unknown'].chinese}"
        if reasons:
            yield row, reasons


def _reasons(row: Row, form: FormMap, habits: Habits) -> str:
    told = [each for each in told_of(Building(row, form, habits)) if each.severity in {"fatal", "error"}]
    if not told:
        return ""
    state = _NOT_TAKEN if any(each.severity == "fatal" for each in told) else _IN_PART
    return f"{state}: " + "; ".join(dict.fromkeys(each.chinese() for each in told))


def _inert(text: str) -> str:
    """A text that no spreadsheet program runs; numbers with a sign, and single signs, are what they seem."""
    is_number = text.lstrip("+-").replace(".", "", 1).isdigit()
    return f"'{text}" if len(text) > 1 and text.startswith(_FORMULA) and not is_number else text
