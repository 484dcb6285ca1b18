"""Ways of doing the same work, measured by turns in one run: what they are compared by is their ratio.

On a machine that does other work every figure moves, but all ways move alike: each round takes every way once, and the
next round begins with another. CPU time is that of this process, and of others where they are named.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

#: One call; the number is a different one each time.
Way = Callable[[int], Awaitable[object]]

Figures = dict[str, float]


def as_worker(work: Coroutine[Any, Any, T]) -> T:
    """Run as the hub's processes run (hub/cli/worker.py): the same event loop, the same limits of the collector."""
    collect_as_worker()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def collect_as_worker() -> None:
    """Set the collector as the hub's processes set it once their imports are done."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def rates(ways: Mapping[str, Callable[[T], object]], subject: T, rounds: int, repeats: int) -> Figures:
    """Calls per second of CPU time by way: the median of rounds; another, before them, only warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            gc.collect()
            begin = time.process_time()
            for _ in range(repeats):
                way(subject)
            seconds[name].append((time.process_time() - begin) / repeats)
    return {name: 1 / statistics.median(values[1:]) for name, values in seconds.items()}


@dataclass(slots=True)
class _Taken:
    """What the calls of one way took: milliseconds of each, their median and those of CPU by round; seconds for all."""

    calls: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)
    cpu: float = 0.0
    clock: float = 0.0

    def figures(self) -> Figures:
        cuts = statistics.quantiles(self.calls, n=100, method="inclusive")
        rounds = self.rounds if len(self.rounds) > 1 else self.rounds * 2
        spent = statistics.quantiles(rounds, n=100, method="inclusive")
        return {
            "p50 ms": cuts[49],
            "p95 ms": cuts[94],
            "p99 ms": cuts[98],
            "least ms": min(self.medians),
            "per s": len(self.calls) / self.clock,
            "cpu us": self.cpu / len(self.calls) * 1e6,
            "cpu p50": spent[49],
            "cpu p95": spent[94],
        }


async def by_turns(
    ways: Mapping[str, Way],
    rounds: int,
    *,
    clients: int = 1,
    calls: int = 1,
    warm: int = 2,
    beside: Callable[[], float] = lambda: 0.0,
    served: bool = False,
) -> dict[str, Figures]:
    """Figures of each way: in every round `clients` at once call it `calls` times each. `warm` rounds do not count.

    `beside`: microseconds of CPU that others have spent on it so far. `served`: theirs alone counts, this is a client.
    """
    taken = {name: _Taken() for name in ways}
    order = list(ways)
    with _settled():
        for number in range(warm + rounds):
            for name in order[number % len(order) :] + order[: number % len(order)]:
                gc.collect()  # no way pays for the garbage of another
                await _round(ways[name], _Taken() if number < warm else taken[name], clients, calls, beside, served)
    return {name: one.figures() for name, one in taken.items()}


@contextmanager
def _settled() -> Iterator[None]:
    """Collections look at nothing that was there before."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _round(way: Way, taken: _Taken, clients: int, calls: int, beside: Callable[[], float], served: bool) -> None:
    async def client(first: int) -> None:
        for number in range(first, first + calls):
            begin = time.perf_counter()
            await way(number)
            taken.calls.append((time.perf_counter() - begin) * 1000)

    before = len(taken.calls)
    others, cpu, clock = beside(), time.process_time(), time.perf_counter()
    await asyncio.gather(*(client(number * calls) for number in range(clients)))
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    cpu = (beside() - others) / 1e6 + (0.0 if served else cpu)
    taken.rounds.append(cpu / (clients * calls) * 1000)
    taken.medians.append(statistics.median(taken.calls[before:]))
    taken.cpu += cpu
    taken.clock += clock


def ratios(found: Mapping[str, Figures], base: str) -> dict[str, Figures]:
    """Every way as multiples of one of them."""
    return {name: {key: value / found[base][key] for key, value in one.items()} for name, one in found.items()}


def show(found: Mapping[str, Figures], base: str) -> None:
    """A line for each way, with its median, 95th percentile and CPU as multiples of the base."""
    columns = list(next(iter(found.values())))
    compared = ("p50 ms", "p95 ms", "cpu us", "cpu p50", "cpu p95")
    width = max(map(len, found)) + 2
    heads = [*columns, *(f"x {name.removesuffix(' ms').removesuffix(' us')}" for name in compared)]
    print(f"{'':<{width}}" + "".join(f"{head:>10}" for head in heads))
    for name, one in found.items():
        row = [f"{one[column]:>10,.2f}" for column in columns]
        row += [f"{one[column] / found[base][column]:>10.2f}" for column in compared]
        print(f"{name:<{width}}" + "".join(row))
