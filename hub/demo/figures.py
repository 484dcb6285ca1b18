"""How many people the hub told apart in the demo, and what they said: figures alone, of tables that hold no record."""

from __future__ import annotations

from typing import Final

from hub.db.database import Database

_FIGURES: Final = """
WITH size AS (SELECT count(*) AS members FROM member GROUP BY person)
SELECT (SELECT sum(members) FROM size) AS registrations,
       (SELECT count(*) FROM size) AS persons,
       (SELECT count(*) FROM size WHERE members > 1) AS linked,
       (SELECT count(*) FROM consent_rule WHERE status = 'active') AS consents,
       (SELECT count(*) FROM proxy_entry) AS proxies
"""

#: What the figures are called where they are shown.
TITLES: Final = {
    "registrations": "registrations of patients",
    "persons": "persons they are",
    "linked": "of them with several registrations",
    "consents": "consents in force",
    "proxies": "people who act for a patient",
}


async def figures(database_url: str) -> dict[str, int]:
    """The figures by the keys of `TITLES`. Raises HubError UNAVAILABLE when the database is away."""
    database = await Database.connect(database_url, size=1, name="yilian-demo")
    try:
        async with database.connection() as tx:
            row = await tx.fetchrow(_FIGURES)
    finally:
        await database.close()
    return {name: int((row and row[name]) or 0) for name in TITLES}
