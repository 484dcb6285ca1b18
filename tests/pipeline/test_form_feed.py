"""Forms through the whole pipeline: rows become records, a bad one waits, a mended one changes what was stored."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.bootstrap.formats import Form
from hub.kernel.types import State
from tests.mappings.forms.sheets import HYPERTENSION, OTHER, csv_of
from tests.pipeline.fake_feed import FEED, IDS
from tests.pipeline.hub_in_a_box import box, run


def test_rows_become_records_and_a_mended_row_changes_them(database_url: str) -> None:
    reading = Form(None)
    translate = reading.translator("F01", IDS, "https://hub.example")

    async def story() -> None:
        async with box(database_url, {FEED: translate}) as hub:
            take = hub.taker(reading, datetime(2026, 3, 12, 12, tzinfo=UTC))
            taken = await take(csv_of(HYPERTENSION, {**HYPERTENSION, **OTHER, "随访日期": "26.3.6"}).encode(), "folder")
            await hub.drain()
            numbers = [each.message for each in taken.messages]
            assert await hub.states(numbers) == ["done", "dead"]
            assert (await hub.reason(numbers[1]))["code"] == "date-ambiguous"
            again = await take(taken.to_mend.replace(b"26.3.6", b"2026-03-06"), "folder")
            assert [each.state for each in again.messages] == [State.QUEUED]
            twice = await take(csv_of(HYPERTENSION).encode("gb18030"), "folder")
            assert [each.state for each in twice.messages] == [State.DUPLICATE]
            changed = await take(csv_of({**HYPERTENSION, "收缩压(mmHg)": "138"}).encode(), "folder")
            await hub.drain()
            found = await hub.states([each.message for each in (*again.messages, *changed.messages)])
            assert found == ["done", "done"]
            (panel,) = [
                draft.resource["id"]
                for draft in translate(next(reading.messages(csv_of(HYPERTENSION).encode()))[1]).drafts
                if draft.key.endswith("|blood-pressure")
            ]
            stored = await hub.read("Observation", panel)
            assert stored is not None
            assert [part["valueQuantity"]["value"] for part in stored["component"]] == [138, 96]

    run(story())
