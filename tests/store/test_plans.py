"""Plans of searches, as PostgreSQL makes them for a small table with fresh statistics."""

from __future__ import annotations

import pytest

from hub.db.database import Database
from hub.store.query import parse_query
from hub.store.store import Store
from hub.store.values import Visible
from tests.store.support import observation, run, save, write

PATIENTS = 30
RECORD = 20


@pytest.mark.parametrize(
    "params", [[("patient", "p7")], [("patient.identifier", "urn:mrn|7")]], ids=["by reference", "chained"]
)
def test_the_rows_of_one_patient_are_found_by_the_patient_and_not_by_their_order(
    database_url: str, params: list[tuple[str, str]]
) -> None:
    async def work(database: Database, store: Store) -> None:
        for patient in range(PATIENTS):
            rows = [observation(f"o{patient}-{number}", f"p{patient}") for number in range(RECORD)]
            await save(database, store, *map(write, rows))
        async with database.transaction() as tx:
            await tx.execute("ANALYZE resource")
            explained = await store.explain(tx, parse_query("Observation", params), Visible(everything=True))
        plan = "\n".join(explained.plan)
        assert "ix_resource_type_date" not in plan
        assert "Sort Key" in plan

    run(database_url, work)
