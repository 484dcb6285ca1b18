"""Messages of hundreds of results are written in portions, and count whole or not as all others do."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from consent.tables import ACT_CODE
from hub.fhir.json import canonical, loads
from hub.fhir.long_drafts import LongDrafts, changed
from hub.kernel.types import Draft, Json, Translation
from hub.records import ingest as ingesting
from hub.records.heads import Incoming
from hub.records.portions import portions
from tests.mappings.messages import panel
from tests.pipeline.fake_feed import FACILITIES, FEED, IDS
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.pipeline.long_feed import MANY, merge, move, received, results, translate
from tests.pipeline.recount import counters, recounted
from tests.pipeline.test_replay import replay
from tests.pipeline.whole_record import whole_record

ROOT: Final = Path(__file__).parents[2]
#: A result that corrects another, and one that tells of an infection.
CORRECTED: Final = "OBX|700|NM|T0700^项目^L||7.25|mmol/L|||||C"
HIV: Final = "OBX|1400|CWE|D^诊断^L||B20^HIV^I10||||||F"
REPORT: Final = IDS(FACILITIES[FEED], "DiagnosticReport", "filler|LIS", "L1|CHEM")


async def tell(hub: Box, *raws: bytes) -> list[str]:
    """Accept all, then process them; the states reached."""
    numbers = [(await hub.inbox.accept(received(raw))).message for raw in raws]
    await hub.drain()
    return await hub.states(numbers)


async def record(hub: Box) -> Any:
    """All that stands and stood, what a Provenance names in one order."""
    found = await whole_record(hub)
    async with hub.database.connection() as connection:
        beside = [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in ("mpi_source", "relation")]
    return found.states, sorted(map(_in_order, found.versions), key=repr), found.sizes, beside


def _in_order(version: tuple[Any, ...]) -> tuple[Any, ...]:
    if version[0] != "Provenance":
        return version
    body: Json = loads(version[3])
    body["target"].sort(key=lambda target: target["reference"])
    return (*version[:3], canonical(body), *version[4:])


def labels(resource: Json | None) -> list[str]:
    return [f"{each['system']}|{each['code']}" for each in ((resource or {}).get("meta", {}).get("security", ()))]


async def resources(hub: Box) -> int:
    async with hub.database.connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM resource"))


async def corrected_and_replayed(hub: Box) -> None:
    assert await tell(hub, results("1"), results("2", n700=CORRECTED)) == ["done"] * 2
    assert set(await replay(hub, 1, 2)) <= {"done", "superseded"}


async def merged_and_told_again(hub: Box) -> None:
    assert await tell(hub, results("1", "A"), results("2", "B", "2"), merge("3", "B", "A")) == ["done"] * 3
    assert await tell(hub, results("4", "B", n700=CORRECTED)) == ["done"]


async def repaired_after_a_move(hub: Box) -> None:
    """A result that could not be read at first comes with a replay, when its visit is another patient's."""
    hub.translators = {FEED: lambda raw: replace(translate(raw), drafts=translate(raw).drafts[:-100])}
    assert await tell(hub, results("1", "A", visit="V1")) == ["done"]
    hub.translators = {FEED: translate}
    assert await tell(hub, move("2", "B", "A", "V1")) == ["done"]
    assert await replay(hub, 1) == ["done"]


async def replayed_under_a_mended_mapping(hub: Box) -> None:
    """Every result has a second version, and so has the Provenance."""

    def preliminary(raw: bytes) -> Translation:
        def other(draft: Draft) -> Draft:
            return replace(draft, resource={**draft.resource, "status": "preliminary"})

        said = translate(raw)
        return replace(said, drafts=changed(said.drafts, other))

    hub.translators = {FEED: preliminary}
    assert await tell(hub, results("1")) == ["done"]
    hub.translators = {FEED: translate}
    assert await replay(hub, 1) == ["done"]


async def partly_settled_by_others(hub: Box) -> None:
    assert await tell(hub, results("1"), results("2", order="2", name="沈桂芳")) == ["done"] * 2
    assert await replay(hub, 1) == ["done"]


async def sensitive(hub: Box) -> None:
    assert await tell(hub, results("1", n1400=HIV)) == ["done"]


@pytest.mark.parametrize(
    "story",
    [
        corrected_and_replayed,
        merged_and_told_again,
        repaired_after_a_move,
        replayed_under_a_mended_mapping,
        partly_settled_by_others,
        sensitive,
    ],
)
def test_a_record_is_the_same_whether_long_messages_are_written_in_portions_or_whole(
    database_url: str,
    undisturbed_url: str,
    monkeypatch: pytest.MonkeyPatch,
    story: Callable[[Box], Awaitable[None]],
) -> None:
    async def told(url: str) -> Any:
        async with box(url, {FEED: translate}) as hub:
            await story(hub)
            assert await counters(hub) == await recounted(hub) != {}
            return await record(hub)

    sizes: list[int] = []

    def counted(incoming: Incoming) -> Any:
        for portion in portions(incoming):
            sizes.append(len(portion.translation.drafts))
            yield portion

    monkeypatch.setattr(ingesting, "portions", counted)
    in_portions = run(told(database_url))
    assert 0 < max(sizes) < MANY / 2
    monkeypatch.setattr(ingesting, "is_long", lambda _: False)
    assert in_portions == run(told(undisturbed_url))


def test_a_sensitive_result_deep_in_a_message_labels_its_report(database_url: str) -> None:
    async def visit() -> None:
        async with box(database_url, {FEED: translate}) as hub:
            assert await tell(hub, results("1", n1400=HIV), results("2", "other", "2")) == ["done"] * 2
            assert labels(await hub.read("DiagnosticReport", REPORT)) == [f"{ACT_CODE}|HIV"]
            other = IDS(FACILITIES[FEED], "DiagnosticReport", "filler|LIS", "L2|CHEM")
            assert labels(await hub.read("DiagnosticReport", other)) == []

    run(visit())


def test_a_refusal_late_in_a_message_leaves_nothing_of_it_behind_and_keeps_no_other_out(database_url: str) -> None:
    def wrong(raw: bytes) -> Translation:
        """The last result of the first message is about nobody."""
        said = translate(raw)
        if b"|M1|" not in raw:
            return said
        last = said.drafts[-1]
        assert isinstance(said.drafts, LongDrafts)

        def nobody(draft: Draft) -> Draft:
            return replace(draft, patient=None) if draft.key == last.key else draft

        return replace(said, drafts=changed(said.drafts, nobody))

    async def visit() -> None:
        async with box(database_url, {FEED: wrong}) as hub:
            assert await tell(hub, results("M1")) == ["dead"]
            assert (await hub.reason(1))["code"] == "no-patient"
            assert await resources(hub) == 0
            assert await tell(hub, results("M1x", "A", "2"), results("M2", "B", "3")) == ["done", "done"]
            async with hub.database.connection() as connection:
                assert await connection.fetchval("SELECT count(*) FROM outbox") == 2 * (MANY + 4)

    run(visit())


@pytest.mark.parametrize("save", [2, 4, 5, 6])
def test_a_worker_killed_in_the_middle_of_a_message_leaves_nothing_of_it_behind(
    database_url: str, undisturbed_url: str, save: int
) -> None:
    async def accept() -> None:
        async with box(database_url, {FEED: translate}) as hub:
            await hub.inbox.accept(received(results("1")))

    async def after() -> Any:
        async with box(database_url, {FEED: translate}) as hub:
            assert await hub.states([1]) == ["queued"]
            assert await resources(hub) == 0
            await hub.drain()
            return await record(hub)

    async def quiet() -> Any:
        async with box(undisturbed_url, {FEED: translate}) as hub:
            await tell(hub, results("1"))
            return await record(hub)

    run(accept())
    command = [sys.executable, "-m", "tests.pipeline.dying_worker_process", database_url, str(save)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert run(after()) == run(quiet())


def test_a_worker_takes_more_memory_by_a_few_times_what_a_message_is_longer(database_url: str) -> None:
    async def peak(hub: Box, raw: bytes) -> int:
        await hub.inbox.accept(received(raw))
        gc.collect()
        tracemalloc.start()
        try:
            await hub.drain()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    async def visit() -> None:
        async with box(database_url, {FEED: translate}) as hub:
            await tell(hub, panel(600, 1))
            small, large = panel(1_500, 2), panel(4_500, 3)
            taken = await peak(hub, small)
            assert await peak(hub, large) - taken < 20 * (len(large) - len(small))
            assert await hub.states([1, 2, 3]) == ["done"] * 3

    run(visit())
