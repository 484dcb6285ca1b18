import asyncio
from datetime import UTC, datetime
from typing import Any

from hub.auth.accounts import Accounts
from hub.auth.directory import Directory
from hub.db.database import Database
from hub.demo.calendar import Calendar
from hub.demo.sign_in import sign_ins
from hub.demo.stage import Stage
from hub.demo.story import data
from hub.kernel.clock import system_clock
from hub.kernel.consortium import load
from hub.run.installation import DEMO_CONSORTIUM
from tests.demo.a_hub import Asked, a_hub


def found(_: Asked) -> tuple[int, Any]:
    return 200, {"entry": [{"resource": {"id": "abc"}}]}


def test_accounts_are_made_and_made_again_with_new_passwords(database_url: str) -> None:
    consortium = load(DEMO_CONSORTIUM)

    async def scene(stage: Stage) -> None:
        first = await sign_ins(database_url, consortium, stage)
        again = await sign_ins(database_url, consortium, stage)
        assert [one.name for one in first] == [one.name for one in again] == list(data("accounts.yaml"))
        assert len({one.password for one in [*first, *again]}) == 2 * len(first)
        database = await Database.connect(database_url, size=2)
        accounts = Accounts(database, Directory(consortium), system_clock)
        assert await accounts.verify("bairuoxi", first[0].password) is None
        opened = [await accounts.verify(one.name, one.password) for one in again[:3]]
        await database.close()
        rights = [(one.role, one.organization, one.practitioner, one.patient) for one in opened if one]
        assert rights == [
            ("family-doctor", "F05", "F05-D0101", None),
            ("clinician", "F01", "F01-D0003", None),
            ("patient", "", None, "abc"),
        ]

    with a_hub(found) as hub:
        asyncio.run(scene(Stage(hub.clients, Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC)))))
