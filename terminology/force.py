"""From when until when editions are in force, as it is written down where that changes."""

from __future__ import annotations

from typing import Final

from hub.db.database import Tx

#: At one moment for both, so that there is none between two editions.
_NOTED: Final = """
WITH moment AS (SELECT clock_timestamp() AS at),
ended AS (
  UPDATE term_force f SET until = (SELECT at FROM moment)
  WHERE until IS NULL AND NOT EXISTS (SELECT FROM term_edition e WHERE e.number = f.edition AND e.current)
)
INSERT INTO term_force (edition, kind, url, since)
SELECT e.number, e.kind, e.url, (SELECT at FROM moment) FROM term_edition e
WHERE e.current AND NOT EXISTS (SELECT FROM term_force f WHERE f.edition = e.number AND f.until IS NULL)
"""


async def noted(tx: Tx) -> None:
    """Write down what came into force and what is no longer, behind `catalogue.changed` in the same transaction."""
    await tx.execute(_NOTED)
