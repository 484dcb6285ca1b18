"""Who did what to an order, a document or an appointment, and when: a Provenance for each event that names somebody.

Known by what it is about, the kind of event and its time: a message sent again tells the same event.
"""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.case import Case

#: Fields of ORC that name who acted.
_ACTORS: Final = frozenset({10, 11, 12, 18, 19})


def order_event(case: Case, target: Building | None, context: Context, rules: Rules) -> None:
    """The event an ORC tells of its order."""
    orc = case.orc
    if target is None or orc is None or not any(orc.raw(n) for n in _ACTORS):
        return
    key = f"{target.resource['id']}|{field(orc, 1)}|{field(orc, 9)}"
    event(orc, key, target, context, rules)


def event(segment: Segment, key: str, target: Building, context: Context, rules: Rules) -> Building | None:
    """The Provenance a segment tells of `target`; None if it names nobody."""
    building = context.draft("Provenance", segment.name, key, target.patient, merge="replace")
    rules.run(segment, building, context)
    resource = building.resource
    agents = [agent for agent in resource.get("agent", ()) if "who" in agent]
    if not agents:
        context.discard(building)
        return None
    resource["agent"] = agents
    resource["target"] = [target.reference]
    if "recorded" not in resource:
        _recorded(building, context)
    return building


def _recorded(building: Building, context: Context) -> None:
    """When the event was recorded, else when it was told; what `_recorded` holds is then in `occurredDateTime` too."""
    sent = moment(context.time)
    if sent is not None and sent.time:
        building.resource.pop("_recorded", None)
        building.resource["recorded"] = sent.date_time(context.zone)
    else:
        building.resource.setdefault("_recorded", unknown())
