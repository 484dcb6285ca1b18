"""Goals of the design (its section 9: two cores, the database among them, everything on) beside what was measured.

A rate depends on what else the machine does. What two cores allow by the CPU a request costs depends on it less, though
a busy core counts more CPU for the same work; as a part of what a bare server costs in the same run, hardly at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

GOALS: Final = {
    **{"import": 5_000, "read": 2_500, "identifier": 2_000, "name": 2_000, "patient+code+date": 2_000},
    **{"code+_sort=-date": 1_500, "chained": 1_200, "_include": 1_200, "_revinclude": 1_200},
    **{"everything": 60_000, "create": 1_000, "update": 1_000},
}
#: What the bare server does that is nearest to a kind of request; else it is held against one body.
_NEAREST: Final = {"everything": "bare record"}
_WRITES: Final = frozenset({"import", "create", "update"})


def show_goals(rates: Mapping[str, float], cpu: Mapping[str, float]) -> None:
    """Print rates a second and microseconds of CPU (of all processes but the client) by kind, beside the goals."""
    cores = os.cpu_count() or 1
    heads = ("per s", "cores allow", "goal", "allow/goal", "CPU/bare")
    print(f"\n{'':<20}" + "".join(f"{head:>14}" for head in heads))
    for name in (name for name in GOALS if name in rates):
        allowed = cores * 1e6 / cpu[name]
        times = "" if name in _WRITES else f"{cpu[name] / cpu[_NEAREST.get(name, 'bare body')]:.1f}"
        print(
            f"{name:<20}{rates[name]:>14.0f}{allowed:>14.0f}{GOALS[name]:>14}{allowed / GOALS[name]:>14.2f}{times:>14}"
        )
