"""A long message as portions: each is a message of its own that fits into memory, and what holds others comes last.

Labels spread from what is strict to what refers to it, never the other way, so whatever holds nothing can be settled
before the rest is looked at (`hub.records.chain`, Strict).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec.structs import replace

from consent.labelling import HOLDERS
from hub.fhir.long_drafts import LongDrafts
from hub.fhir.packed import PORTION
from hub.kernel.types import Draft
from hub.records.heads import Incoming


def is_long(incoming: Incoming) -> bool:
    """Whether a message comes in portions: not one with identity events, which say of all of it what it is about."""
    return isinstance(incoming.translation.drafts, LongDrafts) and not incoming.translation.identity_events


def portions(incoming: Incoming) -> Iterator[Incoming]:
    """The portions of a long message; one that is not long is one portion."""
    drafts = incoming.translation.drafts
    for portion in _portions(drafts) if isinstance(drafts, LongDrafts) else (drafts,):
        if portion:
            yield replace(incoming, translation=replace(incoming.translation, drafts=portion))


def _portions(drafts: LongDrafts) -> Iterator[Sequence[Draft]]:
    yield [draft for draft in drafts.named if draft.resource["resourceType"] not in HOLDERS]
    rest = iter(drafts.results)
    while portion := list(islice(rest, PORTION)):
        yield portion
    yield [*(draft for draft in drafts.named if draft.resource["resourceType"] in HOLDERS), *drafts.reports]
