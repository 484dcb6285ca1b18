"""Judges what a feed's messages become by FHIR R4 and the loaded profiles, where the consortium file asks for it.

`lenient` keeps everything: what is wrong becomes issues of the message, which is done with warnings. `strict` makes a
message a dead letter when one of its resources is wrong; its issues and the report of its fields are kept with it.
Without either the mapping alone answers for its resources, which costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Translator
from hub.kernel.types import Issue, Json, Translation

Mode = Literal["lenient", "strict"]
Validate = Callable[[Json], Sequence[Issue]]


def judged(translator: Translator, mode: Mode, validate: Validate) -> Translator:
    """A translator whose drafts are judged; it refuses a message when `mode` is strict and one of them is wrong."""

    def translate(raw: bytes) -> Translation:
        translation = translator(raw)
        found = tuple(_issues(translation, validate))
        if not found:
            return translation
        told = replace(translation, issues=(*translation.issues, *found))
        if mode == "strict" and told.refusal is None:
            return replace(told, refusal=_wrong(found[0].where))
        return told

    return translate


def _wrong(where: str) -> HubError:
    return HubError(
        Category.INVALID,
        "becomes a resource that does not conform to FHIR R4 or a profile it claims",
        where=where,
        todo="mend the message or the facility profile and replay it, or make the feed lenient",
        code="nonconformant",
    )


def _issues(translation: Translation, validate: Validate) -> Iterator[Issue]:
    """What is wrong with the resources as they would stand alone. No id is told: it names a patient's resource."""
    for draft in translation.drafts:
        yield from validate({**draft.defaults, **draft.resource})
