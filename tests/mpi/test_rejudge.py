"""All stored sources judged again under another model."""

from __future__ import annotations

from dataclasses import replace

from hub.mpi.index import PatientIndex
from hub.mpi.model import bundled_model
from hub.mpi.rejudge import Rejudged, rejudge
from tests.mpi.people import citizen_id
from tests.mpi.registry import Registry, patient, with_registry
from tests.mpi.test_index import mingyuan

_ID = citizen_id("1962-06-08", 301)


async def judged(registry: Registry, link: float, *, after: int = 0) -> tuple[Rejudged, list[int]]:
    """Judge all under a model that links from so many bits on; returns the numbers it reached, too."""
    model = replace(bundled_model(), version=f"from-{link:g}", link=link)
    index, reached = PatientIndex(lambda: registry.now, model=model), list[int]()
    done = await rejudge(registry.database, index, lambda told: reached.append(told.reached), after=after, batch=2)
    return done, reached


async def told(registry: Registry) -> None:
    """Two whom the matcher links, two whom a steward links, two whom a facility merges."""
    await registry.register(mingyuan("a", citizen_id=_ID), mingyuan("b", citizen_id=_ID))
    for rid, name, born in (("c", "赵平", "1950-02-11"), ("d", "钱大海", "1961-11-05")):
        await registry.register(patient(rid, name, born=born))
    await registry.register(patient("e", "孙晓静", born="1972-08-17"), patient("f", "周若水", born="1994-12-30"))
    await registry.decide(lambda tx: registry.steward.link(tx, "c", "d", who="shao"))
    await registry.state(5, "A40", "e", "f")
    assert await registry.persons() == [["a", "b"], ["c", "d"], ["e", "f"]]


def test_only_automatic_links_fall_under_a_stricter_model_and_come_back_under_the_old(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await told(registry)
        done, _ = await judged(registry, 1000.0)
        assert (done.sources, done.linked, done.parted) == (6, 0, 1)
        assert await registry.persons() == [["a"], ["b"], ["c", "d"], ["e", "f"]]
        fallen = (await registry.history("a"))[-1]
        assert (fallen.kind, fallen.actor, fallen.model) == ("judged-again", "matcher", "from-1000")
        done, _ = await judged(registry, bundled_model().link)
        assert (done.linked, done.parted) == (1, 0)
        assert await registry.persons() == [["a", "b"], ["c", "d"], ["e", "f"]]

    with_registry(database_url, story)


def test_a_stopped_run_goes_on_where_it_was_and_a_second_run_changes_nothing(database_url: str) -> None:
    async def story(registry: Registry) -> None:
        await told(registry)
        _, reached = await judged(registry, 1000.0)
        view, past = await registry.view(), await registry.history("a")
        rest, more = await judged(registry, 1000.0, after=reached[0])
        assert (rest.sources, more) == (4, reached[1:])
        again, _ = await judged(registry, 1000.0)
        assert (again.linked, again.parted) == (0, 0)
        assert (await registry.view(), await registry.history("a")) == (view, past)

    with_registry(database_url, story)
