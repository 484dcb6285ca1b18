"""Whose a device is, through the whole pipeline: readings wait for a binding, and are nobody's by guess."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from hub.kernel.clock import fixed_clock
from hub.kernel.devices import NOBODY
from hub.kernel.errors import HubError
from hub.kernel.types import Accepted, Received, Translation
from hub.pipeline.deeds import Kind
from hub.pipeline.devices.bindings import Bindings, Wanted
from hub.pipeline.devices.wearing import Wearing
from hub.pipeline.engineer import Engineer
from hub.pipeline.worker import Worker
from hub.records.registrations import Registrations
from mappings.devices import feed
from mappings.devices.vendormap import vendor
from tests.pipeline import fake_feed
from tests.pipeline.desk import Remembering
from tests.pipeline.fake_feed import FACILITY, FEED, IDS, NOON, message, patient_id
from tests.pipeline.hub_in_a_box import Box, box, run

BAND: Final = vendor("wristband")
NURSE: Final = Engineer(name="nurse", role="clinician", facilities=frozenset({FACILITY}))
STRANGER: Final = Engineer(name="nurse", role="clinician", facilities=frozenset({"F03"}))
HOUR: Final = timedelta(hours=1)


class Ward:
    """A pipeline whose one feed registers patients and has devices."""

    def __init__(self, hub: Box) -> None:
        self.hub: Final = hub
        self.wearing = Wearing(hub.database, [FEED], releasing=True)
        self.witness: Final = Remembering()
        registrations = Registrations(hub.store)
        self.bindings: Final = Bindings(hub.database, registrations, {FEED: FACILITY}, self.witness, fixed_clock(NOON))

        def translate(raw: bytes) -> Translation:
            if b"deviceNum" not in raw:
                return fake_feed.translate(raw)
            return feed.translator(FEED, BAND, self.wearing, FACILITY, IDS)(raw)

        hub.translators = {FEED: translate}

    async def registered(self, *patients: str) -> None:
        for patient in patients:
            assert await self.hub.send(message(f"reg {patient}", patient)) == ["done"]

    async def measured(self, at: datetime, device: str = "W-1", received: datetime = NOON, **values: int) -> int:
        """Send one reading; its message."""
        body = {"deviceNum": device, "createTime": int(at.timestamp() * 1000), **(values or {"pulse": 71})}
        ((_, raw),) = feed.messages(json.dumps({"data": [body]}).encode(), BAND, NOON)
        envelope = feed.envelope_reader(BAND)(raw)
        sent = Received(feed=FEED, raw=raw, envelope=envelope, received_at=received, peer="device")
        accepted: Accepted = await self.hub.inbox.accept(sent)
        return accepted.message

    def worker(self) -> Worker:
        return self.hub.worker()

    async def drain(self) -> None:
        """What a worker does: look for changes, then a batch."""
        await self.wearing.refresh()
        await self.hub.drain()

    async def state(self, number: int) -> str:
        return (await self.hub.states([number]))[0]

    async def bind(self, patient: str, start: datetime, end: datetime | None = None, **parts: Any) -> int:
        wanted = Wanted(feed=FEED, device=parts.get("device", "W-1"), patient=patient_id(patient), start=start, end=end)
        return (await self.bindings.bind(parts.get("who", NURSE), wanted)).number

    async def statuses(self, patient: str) -> list[str]:
        """Statuses of the Observations in a patient's record, in the order of their words."""
        sql = "SELECT r.type, r.id FROM resource r JOIN member m USING (pkey) WHERE m.patient = $1"
        async with self.hub.database.connection() as tx:
            rows = await tx.fetch(sql, patient_id(patient))
        found = [await self.hub.read("Observation", row["id"]) for row in rows]
        return sorted(each["status"] for each in found if each is not None)

    async def whose(self, number: int) -> set[str]:
        """Source patients whose record a message made an Observation in."""
        sql = (
            "SELECT DISTINCT m.patient FROM resource r JOIN member m USING (pkey) "
            "WHERE r.source = $1 AND r.type = (SELECT max(type) FROM resource WHERE source = $1)"
        )
        async with self.hub.database.connection() as tx:
            return {row["patient"] for row in await tx.fetch(sql, number)}


@asynccontextmanager
async def ward(url: str) -> AsyncIterator[Ward]:
    async with box(url) as hub:
        yield Ward(hub)


def test_a_reading_waits_until_its_device_is_somebodys_at_its_time(database_url: str) -> None:
    async def story() -> None:
        async with ward(database_url) as one:
            await one.registered("A", "B")
            early, late = await one.measured(NOON - 2 * HOUR), await one.measured(NOON)
            other = await one.measured(NOON, device="W-2")
            await one.drain()
            assert [await one.state(number) for number in (early, late, other)] == ["dead"] * 3
            assert (await one.hub.reason(late))["code"] == "unbound-device"
            await one.bind("A", NOON - HOUR)
            await one.drain()
            assert [await one.state(number) for number in (early, late, other)] == ["dead", "done", "dead"]
            assert await one.whose(late) == {patient_id("A")}
            await one.bind("B", NOON - 3 * HOUR, NOON - HOUR)
            await one.drain()
            assert [await one.state(number) for number in (early, late, other)] == ["done", "done", "dead"]
            assert await one.whose(early) == {patient_id("B")}
            assert [(deed.kind, deed.patients) for deed in one.witness.deeds] == [
                (Kind.BIND, (patient_id("A"),)),
                (Kind.BIND, (patient_id("B"),)),
            ]

    run(story())


def test_a_reading_settled_by_bindings_that_were_old_is_put_back_at_the_next_look(database_url: str) -> None:
    async def story() -> None:
        async with ward(database_url) as one:
            await one.registered("A")
            number = await one.measured(NOON)
            await one.wearing.refresh()
            # Between a worker's look and its batch somebody binds the device.
            await one.bind("A", NOON - HOUR)
            await one.hub.drain()
            assert await one.state(number) == "dead"
            await one.drain()
            assert await one.state(number) == "done"
            # A worker that died with such a reading settled is followed by one that has seen nothing yet.
            again = await one.measured(NOON - HOUR / 2)
            one.hub.translators = {FEED: feed.translator(FEED, BAND, NOBODY, FACILITY, IDS)}
            await one.hub.drain()
            assert await one.state(again) == "dead"
            await Wearing(one.hub.database, [FEED], releasing=True).refresh()
            assert await one.state(again) == "queued"

    run(story())


def test_a_device_is_never_two_peoples_and_a_kiosk_passes_from_one_to_the_next(database_url: str) -> None:
    async def story() -> None:
        async with ward(database_url) as one:
            await one.registered("A", "B")
            first = await one.bind("A", NOON)
            with pytest.raises(HubError, match="somebody else"):
                await one.bind("B", NOON + HOUR)
            await one.bindings.end(NURSE, first, NOON + HOUR)
            await one.bind("B", NOON + HOUR)
            await one.bind("B", NOON + 2 * HOUR)
            shown = await one.bindings.listed(NURSE, FEED, "W-1")
            assert [(made.patient, made.end) for made in shown] == [
                (patient_id("B"), None),
                (patient_id("B"), None),
                (patient_id("A"), NOON + HOUR),
            ]
            assert one.witness.deeds[1].detail == {
                "device": "W-1",
                "from": NOON.isoformat(),
                "to": (NOON + HOUR).isoformat(),
            }

    run(story())


def test_a_binding_put_right_takes_readings_back_and_gives_them_to_whom_they_belong(database_url: str) -> None:
    async def story() -> None:
        async with ward(database_url) as one:
            await one.registered("A", "B")
            first = await one.bind("A", NOON - 3 * HOUR)
            early, late = await one.measured(NOON - 2 * HOUR), await one.measured(NOON - HOUR / 2)
            await one.drain()
            assert await one.statuses("A") == ["final", "final"]
            # The band was handed on an hour ago, and nobody said so.
            await one.bindings.end(NURSE, first, NOON - HOUR)
            await one.drain()
            assert await one.statuses("A") == ["entered-in-error", "final"]
            assert [await one.state(number) for number in (early, late)] == ["done", "warnings"]
            assert (await one.hub.reason(late))["issues"][0]["code"] == "device-withdrawn"
            # What comes late, of the time in between, was never the first one's and is not made to have been.
            third = await one.measured(NOON - HOUR / 3)
            await one.drain()
            assert await one.statuses("A") == ["entered-in-error", "final"]
            await one.bind("B", NOON - HOUR)
            await one.drain()
            assert [await one.state(number) for number in (early, late, third)] == ["done"] * 3
            assert await one.statuses("B") == ["final", "final"]
            assert await one.statuses("A") == ["entered-in-error", "final"]
            # A worker that starts looks at all of it again and changes nothing.
            one.wearing = Wearing(one.hub.database, [FEED], releasing=True)
            await one.drain()
            assert await one.statuses("A") == ["entered-in-error", "final"]
            assert await one.statuses("B") == ["final", "final"]

    run(story())


@pytest.mark.parametrize("at", [None, NOON - HOUR], ids=["at once", "in the past"])
def test_what_comes_after_an_end_and_is_settled_without_it_is_taken_back(
    database_url: str, at: datetime | None
) -> None:
    async def story() -> None:
        async with ward(database_url) as one:
            await one.registered("A")
            number = await one.bind("A", NOON - 3 * HOUR)
            await one.wearing.refresh()
            # Between a worker's look and its batch somebody takes the band off, and it still sends.
            await one.bindings.end(NURSE, number, at)
            late = await one.measured(NOON + HOUR / 60, received=NOON + HOUR / 30)
            await one.hub.drain()
            assert await one.statuses("A") == ["final"]
            await one.drain()
            assert await one.statuses("A") == ["entered-in-error"]
            assert (await one.hub.reason(late))["issues"][0]["code"] == "device-withdrawn"

    run(story())


def test_an_end_lies_within_its_binding(database_url: str) -> None:
    async def story() -> None:
        async with ward(database_url) as one:
            await one.registered("A")
            number = await one.bind("A", NOON - HOUR, NOON)
            for at, what in ((NOON - 2 * HOUR, "before the start"), (NOON, "not before its end")):
                with pytest.raises(HubError, match=what):
                    await one.bindings.end(NURSE, number, at)
            assert (await one.bindings.end(NURSE, number, NOON - HOUR)).end == NOON - HOUR

    run(story())


def test_nobody_binds_for_others_or_to_somebody_who_is_not_there(database_url: str) -> None:
    async def story() -> None:
        async with ward(database_url) as one:
            await one.registered("A")
            for who, patient, what in ((STRANGER, "A", "no feed"), (NURSE, "nobody", "no such patient")):
                with pytest.raises(HubError, match=what):
                    await one.bind(patient, NOON, who=who)
            number = await one.bind("A", NOON)
            with pytest.raises(HubError, match="no binding"):
                await one.bindings.end(STRANGER, number)
            with pytest.raises(HubError, match="no feed"):
                await one.bindings.listed(STRANGER, FEED)
            with pytest.raises(HubError, match="not after the start"):
                await one.bind("A", NOON, NOON)
            assert len(one.witness.deeds) == 1

    run(story())
