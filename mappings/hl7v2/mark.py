"""Whether some fields of a message came to something that is theirs alone, and may be remembered for the next one."""

from __future__ import annotations

from itertools import islice

from hub.fhir.json import dumps, loads
from hub.kernel.types import UnmappedCode
from mappings.hl7v2.context import Building, Context
from mappings.hl7v2.repeated import Drafted


class Mark:
    """Where a message stood before some of its fields were read."""

    __slots__ = ("_context", "_drafts", "_met", "_said", "_unmapped")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._said = context.said
        self._drafts = len(context.drafts)
        self._met = len(context.met)
        self._unmapped = context.unmapped
        context.unmapped = {}

    def read(self) -> tuple[dict[UnmappedCode, None], tuple[Drafted, ...]] | None:
        """The codes nobody could map, and the drafts, of what was read since; None if other things were said or asked.

        Other things are issues, notes, number, time and zone of the message, other segments, and drafts made before.
        """
        context = self._context
        own = context.unmapped
        context.unmapped = self._unmapped | own
        drafts = self._named() if context.said == self._said else None
        return None if drafts is None else (own, drafts)

    def _named(self) -> tuple[Drafted, ...] | None:
        drafts, met = self._context.drafts, self._context.met
        if len(drafts) == self._drafts and len(met) == self._met:
            return ()
        made = list(islice(reversed(drafts.items()), len(drafts) - self._drafts))[::-1]
        own = {id(building) for _, building in made}
        if any(id(each) not in own for each in met[self._met :]) or not all(_is_plain(each) for _, each in made):
            return None
        return tuple([Drafted(identity, dumps(building.resource)) for identity, building in made])


def _is_plain(building: Building) -> bool:
    """Whether a draft is its resource and nothing else."""
    return building == Building(building.resource, building.authority, building.key, None)


def draft_again(drafts: tuple[Drafted, ...], context: Context) -> bool:
    """Make drafts as they were made before; none and False if the message has named one of them already."""
    if any(identity in context.drafts for identity, _ in drafts):
        return False
    for identity, resource in drafts:
        context.add(identity, Building(loads(resource), *identity[1:], None))
    return True
