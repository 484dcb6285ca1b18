"""Which form a table is: by what the sender says, by its title, by the columns that only one form has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mappings.forms.formmap import FormMap, form_maps
from mappings.forms.headers import columns_of
from mappings.forms.text import squeezed

#: A word of a title says as much as this many columns.
_TITLE: Final = 6


def recognised(columns: Iterable[str], title: str = "", stated: str = "") -> FormMap | None:
    """The form named `stated` (its name, or a title), else the one for which most speaks; None if none, or several."""
    forms = form_maps()
    if stated in forms:
        return forms[stated]
    named = list(columns)
    scores = sorted(((_score(form, named, stated or title), form.name) for form in forms.values()), reverse=True)
    (best, name), (second, _) = scores[0], scores[1]
    return forms[name] if best > second else None


def _score(form: FormMap, columns: Iterable[str], title: str) -> int:
    found = {match[0].link for column in columns if (match := columns_of(form.name).find(column))}
    worded = _TITLE if any(squeezed(word) in squeezed(title) for word in form.words) else 0
    return worded + sum(weight for link, weight in form.evidence.items() if link in found)
