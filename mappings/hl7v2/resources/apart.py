"""Rows a profile adds for segments that fill no such resource by themselves: Z segments, and those without a map.

The resource is the nearest of its type before the segment (an OBX before a ZBX, the visit before a ZPV), else the
first behind it; never one of another patient: what stands between two PID belongs to the first of them.
"""

from __future__ import annotations

from bisect import bisect_right

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.parser import Segment


def fill_apart(context: Context, rules: Rules) -> None:
    """Run the rows that stand apart. A segment that finds no resource is refused in the report."""
    patients = [pid.position for pid in context.message.all("PID")]
    filled = sorted(context.filled, key=lambda pair: pair[0])
    for name, rtype in sorted(rules.apart):
        of_type = [(at, building) for at, building in filled if building.resource["resourceType"] == rtype]
        for segment in context.message.all(name):
            building = _nearest(segment, of_type, patients)
            if building is None:
                context.refuse(segment, f"the message states no {rtype} this segment could belong to")
            else:
                rules.run(segment, building, context)


def _nearest(segment: Segment, filled: list[tuple[int, Building]], patients: list[int]) -> Building | None:
    """The resource nearest to the segment within the part of the message that is about one patient."""
    index = bisect_right(patients, segment.position)
    begin = patients[index - 1] if index > 1 else 0
    end = patients[max(index, 1)] if max(index, 1) < len(patients) else None
    within = [(at, building) for at, building in filled if at >= begin and (end is None or at < end)]
    before = [building for at, building in within if at <= segment.position]
    return before[-1] if before else within[0][1] if within else None
