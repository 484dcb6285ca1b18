"""Plans of pages of the trail, as PostgreSQL makes them for a small table with fresh statistics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest
from msgspec.structs import replace

from hub.audit.entry import Entry
from hub.audit.queries import Span, page
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.kernel.ids import reference_key
from hub.store.explain import generic_plan
from tests.audit.entries import NOW, REQUESTER, read
from tests.audit.test_trail import with_trail

ENTRIES = 3000
P7 = (reference_key("Patient", "p7"),)
ASKERS = ("Practitioner/7", "Organization/F01")
HOUR = NOW + timedelta(hours=1)


def entries() -> Iterator[Entry]:
    """A minute apart and of a hundred patients, asked for by a hundred persons and an organisation by turns."""
    for number in range(ENTRIES):
        who = replace(REQUESTER, reference=f"Practitioner/{number // 2 % 100}" if number % 2 else None)
        time = NOW + timedelta(minutes=number)
        yield read(number + 1, requester=who, time=time, patients=(f"p{number % 100}",))


@pytest.mark.parametrize(
    ("span", "path"),
    [
        pytest.param(Span(), "Index Scan Backward using pk_audit", id="all"),
        pytest.param(Span(low=NOW, high=HOUR), "Index Scan using ix_audit_recorded", id="period"),
        pytest.param(Span(agents=ASKERS), "Index Scan Backward using ix_audit_who", id="agents"),
        pytest.param(Span(agents=ASKERS, low=NOW), "Index Scan Backward using ix_audit_who", id="agents, period"),
        pytest.param(Span(patients=P7), "Bitmap Index Scan on ix_audit_patient_keys", id="patient"),
        pytest.param(Span(patients=P7, looks=True), "Bitmap Index Scan on ix_audit_patient_keys", id="looks"),
        pytest.param(
            Span(patients=P7, agents=ASKERS, low=NOW), "Bitmap Index Scan on ix_audit_patient_keys", id="everything"
        ),
    ],
)
def test_a_page_is_led_by_patients_else_by_agents_else_by_a_period_else_by_the_order(
    database_url: str, span: Span, path: str
) -> None:
    async def work(database: Database, trail: Trail) -> None:
        asked = AsyncMock(**{"fetch.return_value": []})
        await page(asked, span, limit=20)
        text, *values = asked.fetch.await_args.args
        async with database.transaction() as tx:
            await trail.append(tx, list(entries()))
            await tx.execute("ANALYZE audit")
            plan = await generic_plan(tx, text, len(values))
        assert [line for line in plan if "Index Scan" in line and path not in line] == []
        assert "Seq Scan" not in "\n".join(plan)
        assert path in "\n".join(plan)

    with_trail(database_url, work)
