"""What it costs to find out whom a change is told to: python -m bench.events

CPU time, so a busy machine does not matter. One changed Observation is matched against 0, 10 and 1,000 subscriptions:
each to another patient (one is met), each without a filter (all are met); and what it costs to compile them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.table import Table

from hub.events.filters import read_filters
from hub.events.matching import Compiled, Matcher
from hub.events.topics import TOPICS
from hub.fhir.json import dumps
from hub.gate.changes import Changed

NUMBERS: Final = (0, 10, 1000)
_ROUNDS: Final = 5
_OBSERVATION: Final = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "category": [{"coding": [{"code": "laboratory"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
    "subject": {"reference": "Patient/p0"},
    "effectiveDateTime": "2026-05-20T08:00:00+08:00",
    "valueQuantity": {"value": 132, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
}
_CHANGE: Final = Changed(
    position=(1, 1),
    type="Observation",
    id="o",
    version=1,
    outcome="created",
    updated=datetime(2026, 5, 20, tzinfo=UTC),
    before=b"",
    after=dumps(_OBSERVATION),
    patient="p0",
    person=None,
)


def subscriptions(number: int, *, filtered: bool) -> list[Compiled]:
    """Subscriptions to final results: of one patient each, or of all."""
    topic = TOPICS["observation-final"]
    return [
        Compiled(
            id=str(n),
            topic=topic,
            filters=read_filters([f"Observation?patient=p{n}"] if filtered else [], topic, ""),
            since=0,
        )
        for n in range(number)
    ]


def micros(work: Callable[[], object], times: int) -> float:
    """CPU microseconds of one run, the best of some rounds."""
    best = float("inf")
    for _ in range(_ROUNDS):
        begun = time.process_time()
        for _ in range(times):
            work()
        best = min(best, time.process_time() - begun)
    return best / times * 1e6


def row(number: int) -> Sequence[str]:
    """The figures of one number of subscriptions."""
    found = [str(number)]
    for filtered in (True, False):
        matcher = Matcher(subscriptions(number, filtered=filtered))
        met = len(matcher.match(_CHANGE))
        found += [str(met), f"{micros(lambda m=matcher: m.match(_CHANGE), 500):.1f}"]  # type: ignore[misc]
    found.append(f"{micros(lambda: Matcher(subscriptions(number, filtered=True)), 3) / 1000:.1f}")
    return found


def main() -> int:
    """Print the table."""
    table = Table("subscriptions", "met", "us a change", "met, no filter", "us a change", "compile, ms", box=None)
    for number in NUMBERS:
        table.add_row(*row(number))
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
