"""`yilian convert form`: files of rows to transaction Bundles, one for each row, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Issue, Json
from mappings.forms.building import CANONICAL_BASE, Habits
from mappings.forms.formmap import FormMap
from mappings.forms.future import seen_from
from mappings.forms.profile import DEFAULT, Profile
from mappings.forms.recognise import recognised
from mappings.forms.rows import Row, Table
from mappings.forms.sources import tables
from mappings.forms.translator import translate_row
from mappings.forms.wording import wording
from mappings.hl7v2.convert import bundle

#: The facility of a file that names none.
FACILITY = "unknown"


def convert(
    source: str,
    raw: bytes,
    profile: Profile = DEFAULT,
    *,
    canonical_base: str = CANONICAL_BASE,
    received: datetime | None = None,
) -> Iterator[Json]:
    """One object for each row: source, index (from 0), bundle or None, report and issues. Never raises.

    `received`: dates after it are complained of.

    A table whose form is not recognised, and a file that cannot be read further, are one object with a fatal issue.
    """
    habits = Habits(facility=FACILITY, ids=keyed_ids(PUBLIC_KEY), canonical_base=canonical_base, profile=profile)
    for index, said in enumerate(_all(raw, habits, received)):
        yield {"source": source, "index": index, **said}


def _all(raw: bytes, habits: Habits, received: datetime | None) -> Iterator[Json]:
    try:
        for table in tables(raw):
            form = form_of_table(table, habits.profile)
            if form is None:
                yield _failed(Issue(severity="fatal", where=table.title, **_unknown()))
                continue
            for row in table.rows:
                seen = row if received is None else seen_from(row, form, habits.profile, received)
                yield _converted(seen, form, habits)
    except HubError as error:
        yield _failed(Issue(severity="fatal", where=error.where, code=error.code, text=error.what))


def form_of_table(table: Table, profile: Profile) -> FormMap | None:
    """The form of a table, by the profile, its title or its columns."""
    return recognised(table.columns, table.title, profile.form)


def _unknown() -> dict[str, str]:
    return {"code": "form-unknown", "text": wording()["form-unknown"].english}


def _converted(row: Row, form: FormMap, habits: Habits) -> Json:
    try:
        made = translate_row(row, form, habits)
    except Exception as error:  # a defect of the mapping must not stop the file
        return _failed(Issue(severity="fatal", where="", code="fault", text=f"defect: {type(error).__name__}"))
    return {
        "bundle": bundle(made.drafts, habits.canonical_base),
        "report": [each.as_json() for each in made.report],
        "issues": [issue.as_json() for issue in made.issues],
    }


def _failed(issue: Issue) -> Json:
    return {"bundle": None, "report": [], "issues": [issue.as_json()]}
