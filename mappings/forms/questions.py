"""Which question a column answers."""

from __future__ import annotations

from mappings.forms.formmap import FormMap, Question
from mappings.forms.headers import columns_of
from mappings.forms.profile import Profile
from mappings.forms.text import squeezed


def question_of(column: str, form: FormMap, profile: Profile) -> tuple[Question, int] | None:
    """The question of a column, as the profile or the form says."""
    key = squeezed(column)
    if key in profile.columns:
        question = form.questions.get(profile.columns[key] or "")
        return (question, 0) if question else None
    return columns_of(form.name).find(column)
