"""What is peculiar to a sender of forms: form, zone, columns, codes, units; YAML, a mistake is told with its line.

```yaml
name: liuxi-township
form: hypertension-follow-up        # where headers and titles do not tell
zone: "+08:00"
columns: {高压值: systolic, 操作员: null}   # a column to a linkId; null: read by nobody, kept as written
codes: {visit-way: {"5": "3"}}       # a local code, or its text, to the code of the table
units: {glucose: mg/dL}              # the unit of a column that does not state it
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hub.kernel.yamlfile import Complaint, YamlFile, check, read, refuse
from mappings.forms.formmap import Question, code_table, form_maps, written_units
from mappings.forms.text import squeezed

DEFAULT_ZONE: Final = "+08:00"

_TEXTS: Final = {"type": "object", "additionalProperties": {"type": "string"}}

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Profile of a sender of forms",
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "form": {"type": "string", "description": "Name of the form, where headers and titles do not tell."},
        "zone": {"type": "string", "pattern": r"^[+-]\d\d:\d\d$"},
        "columns": {
            "type": "object",
            "description": "Name of a column to the linkId of its question; null: of no question.",
            "additionalProperties": {"type": ["string", "null"]},
        },
        "codes": {
            "type": "object",
            "description": "By linkId: a code as sent to the code of the question's table.",
            "additionalProperties": _TEXTS,
        },
        "units": {**_TEXTS, "description": "By linkId: the unit of numbers that state none."},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All a profile says; columns and codes are squeezed as cells are."""

    name: str = "default"
    form: str = ""
    zone: str = DEFAULT_ZONE
    columns: Mapping[str, str | None] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


DEFAULT: Final = Profile()


def load(path: Path) -> Profile:
    """Read and check a profile. Raises HubError INVALID with `file:line: ...` per complaint."""
    file = read(path)
    refuse(file, check(file, SCHEMA) or sorted(_contradictions(file), key=lambda complaint: complaint.line))
    data = file.data
    return Profile(
        name=data["name"],
        form=data.get("form", ""),
        zone=data.get("zone", DEFAULT_ZONE),
        columns={squeezed(column): link for column, link in data.get("columns", {}).items()},
        codes={
            link: {squeezed(sent): code for sent, code in codes.items()}
            for link, codes in data.get("codes", {}).items()
        },
        units=data.get("units", {}),
    )


def _contradictions(file: YamlFile) -> Iterator[Complaint]:
    forms = form_maps()
    form = file.data.get("form")
    if form is not None and form not in forms:
        yield file.complaint(f"no such form; there are {', '.join(forms)}", "form")
        return
    known: dict[str, Question] = {}
    for each in [forms[form]] if form else forms.values():
        known |= each.questions
    for column, link in file.data.get("columns", {}).items():
        if link is not None and link not in known:
            yield file.complaint("no such question", "columns", column)
    for link, codes in file.data.get("codes", {}).items():
        yield from _wrong_codes(file, link, codes, known.get(link))
    for link, unit in file.data.get("units", {}).items():
        question = known.get(link)
        if question is None or not question.units:
            yield file.complaint("no such question with units", "units", link)
        elif squeezed(unit) not in written_units(question.units):
            yield file.complaint("no unit this question knows", "units", link)


def _wrong_codes(file: YamlFile, link: str, codes: Mapping[str, str], question: Question | None) -> Iterator[Complaint]:
    if question is None or not question.codes:
        yield file.complaint("no such question with codes", "codes", link)
        return
    table = code_table(question.codes).by_code()
    for sent, code in codes.items():
        if code not in table:
            yield file.complaint(f"no such code; there are {', '.join(table)}", "codes", link, sent)
