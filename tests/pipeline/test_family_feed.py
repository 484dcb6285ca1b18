"""The batches of a village doctor's phone through the pipeline: twice, out of order, on a clock eight hours fast."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from hub.bootstrap.family_format import Family
from hub.kernel.types import Json, State
from tests.mappings.family.test_family import MEASUREMENT, REFERRAL
from tests.pipeline.fake_feed import FEED, IDS
from tests.pipeline.hub_in_a_box import box, run

#: When the batch came; the phone says 19:00.
CAME: Final = datetime(2026, 3, 5, 11, 0, tzinfo=UTC)
SENT: Final = "2026-03-06T03:00:00+08:00"


def record(base: Json, key: str, local: str, **changes: Any) -> Json:
    """A record made at a time of the phone's clock."""
    return {**base, "key": key, "recordedAt": f"{local}+08:00", **changes}


FIRST: Final = record(MEASUREMENT, "G-1", "2026-03-05T16:00:00")
CORRECTED: Final = record(MEASUREMENT, "G-1", "2026-03-05T16:05:00", glucose=11.9)
ASKED: Final = record(REFERRAL, "T-1", "2026-03-05T16:10:00")
CANCELLED: Final = record(REFERRAL, "T-1", "2026-03-05T17:00:00", status="cancelled")
UNSOUND: Final = record(MEASUREMENT, "G-2", "2026-03-05T16:00:00", glucose=126)


def batch(*records: Json) -> bytes:
    return json.dumps({"sentAt": SENT, "records": records}).encode()


def test_a_phones_batches_become_one_record_whatever_their_order_and_its_clock(database_url: str) -> None:
    reading = Family(None)
    translate = reading.translator("F01", IDS, "https://hub.example")

    async def story() -> None:
        async with box(database_url, {FEED: translate}) as hub:
            take = hub.taker(reading, CAME)

            async def states(*records: Json) -> list[str]:
                taken = await take(batch(*records), "http")
                await hub.drain()
                return await hub.states([each.message for each in taken.messages])

            async def stored(rtype: str, authority: str, key: str) -> Json:
                found = await hub.read(rtype, IDS("F01", rtype, authority, key))
                assert found is not None
                return found

            assert await states(CANCELLED, CORRECTED, UNSOUND) == ["dead", "done", "done"]
            # The rest comes in a later batch, with what was sent before: it is older, and twice.
            taken = await take(batch(CANCELLED, ASKED, CORRECTED, FIRST), "http")
            assert [each.state for each in taken.messages] == [State.DUPLICATE, State.DUPLICATE]
            assert await states(FIRST, ASKED, ASKED) == ["done", "done"]

            glucose = await stored("Observation", "measurement", "G-1|glucose")
            task = await stored("Task", "referral", "T-1")
            assert glucose["valueQuantity"]["value"] == Decimal("11.9")
            assert datetime.fromisoformat(glucose["effectiveDateTime"]) == datetime(2026, 3, 5, 0, 5, tzinfo=UTC)
            assert task["status"] == "cancelled"

    run(story())
