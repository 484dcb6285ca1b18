"""Whether some fields of a message came to something that is theirs alone, and may be remembered for the next one."""

from __future__ import annotations

from itertools import islice

from hub.fhir.json import dumps, loads
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.repeated import NOTHING, Beside, Drafted, Noted


class Mark:
    """Where a message stood before some of its fields were read."""

    __slots__ = ("_context", "_drafts", "_met", "_noted", "_notes", "_said", "_unmapped")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._said = context.said
        self._noted = context.noted
        self._notes = len(context.trace.notes) if context.trace is not None else 0
        self._drafts = len(context.drafts)
        self._met = len(context.met)
        self._unmapped = context.unmapped
        context.unmapped = {}

    def read(self) -> Beside | None:
        """What the fields that were read since say beside their values; None if more was said or asked than is kept.

        That is issues, number, time and zone of the message, other segments, and drafts made before that did not say
        the same already.
        """
        context = self._context
        own = context.unmapped
        context.unmapped = self._unmapped | own
        if context.said != self._said:
            return None
        drafts, notes = self._named(), self._told()
        if drafts is None or notes is None:
            return None
        return Beside(own, drafts, notes) if own or drafts or notes else NOTHING

    def _named(self) -> tuple[Drafted, ...] | None:
        drafts, met = self._context.drafts, self._context.met
        if len(drafts) == self._drafts and len(met) == self._met:
            return ()
        made = list(islice(reversed(drafts.values()), len(drafts) - self._drafts))[::-1]
        own = {id(building) for building in made}
        before = {id(building): building for building in met[self._met :] if id(building) not in own}
        if not all(map(_is_plain, (*before.values(), *made))):
            return None
        stood = [Drafted(_identity(each), dumps(each.resource), met=True) for each in before.values()]
        if any(one.resource != each.stood for one, each in zip(stood, before.values(), strict=True)):
            return None
        for each in made:
            each.stood = dumps(each.resource)
        return (*stood, *[Drafted(_identity(each), each.stood, met=False) for each in made])

    def _told(self) -> tuple[Noted, ...] | None:
        """What was noted since; None if some of it stands beside or in the place of what was noted before."""
        context, trace = self._context, self._context.trace
        if context.noted == self._noted or trace is None:
            return ()
        made = list(islice(reversed(trace.notes.items()), len(trace.notes) - self._notes))[::-1]
        if sum([len(notes) for _, notes in made]) != context.noted - self._noted:
            return None
        return tuple([(n, rep, dict(notes)) for (_, n, rep), notes in made])


def _identity(building: Building) -> tuple[str, str, str]:
    return building.resource["resourceType"], building.authority, building.key


def _is_plain(building: Building) -> bool:
    """Whether a draft is its resource and nothing else."""
    return building == Building(building.resource, building.authority, building.key, None, stood=building.stood)


def say_again(beside: Beside, context: Context) -> bool:
    """Say what fields said before; nothing and False if the drafts they named stand otherwise than they did then."""
    if beside.drafts and not _draft_again(beside.drafts, context):
        return False
    if beside.unmapped:
        context.unmapped |= beside.unmapped
    for n, rep, notes in beside.notes:
        context.note_all(n, rep, notes)
    return True


def _draft_again(drafts: tuple[Drafted, ...], context: Context) -> bool:
    found = [(context.drafts.get(each.identity), each) for each in drafts]
    for there, (_, resource, met) in found:
        if (there is not None) != met or (there is not None and dumps(there.resource) != resource):
            return False
    for there, (identity, resource, _) in found:
        if there is not None:
            context.met.append(there)
        else:
            context.add(identity, Building(loads(resource), *identity[1:], None, stood=resource))
    return True
