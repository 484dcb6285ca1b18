"""Attack 61: a dump of a database that is sealed, searched column by column for what a document told of its patient."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from hub.bootstrap.formats import Cda
from hub.pipeline.addressed import with_addresses
from hub.sealing import wrapping_keys
from hub.sealing.suites import Suite
from tests.mappings.cda.documents import cd, document, observation, section
from tests.pipeline.fake_feed import FEED, IDS
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.sealing.support import MASTER, keyring

#: Told in a narrative: it stands in bodies and messages alone.
NARRATIVE: Final = "金丝雀一号"
#: The name of a concept: what `:text` finds by part, kept once for all who have it.
CONCEPT: Final = "金丝雀二号"
#: Who the patient is: searched, ordered and matched by, so in clear where decision 0034 says.
PERSONAL: Final = ("测试甲", "99012219600101001X", "09905550101", "0990-5550101")
CLEAR: Final = frozenset({"resource.sort_texts", "string_value.folded", "mpi_source.features"})
_COLUMNS: Final = """
SELECT c.table_name, c.column_name FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
"""


def test_a_dump_tells_what_is_written_of_a_patient_nowhere_and_who_it_is_where_it_is_searched_by(
    database_url: str,
) -> None:
    reading = Cda(None)
    translate = with_addresses(reading.translator("F01", IDS, "https://hub.example"))
    diagnosis = observation("DE05.01.024.00", "诊断代码", cd("I10", "2.16.156.10011.2.3.3.11", CONCEPT))
    text = document(section("29548-5", "Diagnosis", [diagnosis], more=f"<text>{NARRATIVE}</text>"))

    async def story() -> None:
        async with box(database_url, {FEED: translate}, keys=keyring()) as hub:
            async with hub.database.transaction() as tx:
                await wrapping_keys.ensure(tx, MASTER, Suite.AES_256_GCM)
            take = hub.taker(reading, datetime(2026, 3, 2, 12, tzinfo=UTC))
            taken = await take(text.encode(), "folder")
            await hub.drain()
            assert await hub.states([taken.messages[0].message]) == ["done"]
            dump = await _dump(hub)
        assert _holding(dump, NARRATIVE) == set()
        assert _holding(dump, CONCEPT) == {"phrase.folded"}
        assert _holding(dump, *PERSONAL) == CLEAR

    run(story())


def _holding(dump: dict[str, str], *words: str) -> set[str]:
    return {column for column, content in dump.items() if any(word in content for word in words)}


async def _dump(hub: Box) -> dict[str, str]:
    """Every column of every table as `pg_dump` would write it; bytes as the text they may be."""
    async with hub.database.connection() as tx:
        found: dict[str, str] = {}
        for table, column in [tuple(row) for row in await tx.fetch(_COLUMNS)]:
            rows = await tx.fetch(f'SELECT "{column}" AS it FROM "{table}"')
            found[f"{table}.{column}"] = "\n".join(_text(row["it"]) for row in rows)
        return found


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
