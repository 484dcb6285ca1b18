import asyncio

from hub.db.database import Database
from hub.demo.figures import TITLES, figures

MEMBERS = """
INSERT INTO member (pkey, person, patient)
SELECT gen_random_uuid(), person, person FROM unnest(ARRAY['a', 'a', 'a', 'b', 'c', 'c']) AS person
"""


async def _fill(url: str) -> None:
    database = await Database.connect(url, size=1)
    async with database.connection() as tx:
        await tx.execute(MEMBERS)
    await database.close()


def test_registrations_persons_and_links_are_counted(database_url: str) -> None:
    assert asyncio.run(figures(database_url)) == dict.fromkeys(TITLES, 0)
    asyncio.run(_fill(database_url))
    found = asyncio.run(figures(database_url))
    assert (found["registrations"], found["persons"], found["linked"]) == (6, 3, 2)
