"""What is worked with from the command line: the inbox, the accounts of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

from hub.audit.entry import Entry, Interaction, Outcome, Requester
from hub.audit.trail import Trail
from hub.auth.accounts import Accounts
from hub.auth.directory import Directory
from hub.bootstrap.feeds import envelope_readers, facilities_of, mapped_codes
from hub.bootstrap.foundation import bell_of
from hub.db import schema
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.consortium import Consortium
from hub.kernel.log import Log
from hub.pipeline.codes import SeenCodes
from hub.pipeline.messages import Messages, Unmasking
from hub.pipeline.repair import Repairs
from hub.pipeline.reports import Reports


@asynccontextmanager
async def accounts(url: str, consortium: Consortium) -> AsyncIterator[Accounts]:
    """The accounts of the pages in the database at `url`, for the command line."""
    database = await Database.connect(url, size=1, name="yilian-accounts")
    try:
        await schema.check(database)
        yield Accounts(database, Directory(consortium), system_clock)
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Engineering:
    """What an integration engineer works with."""

    messages: Messages
    repairs: Repairs
    reports: Reports
    codes: SeenCodes


@asynccontextmanager
async def engineering(url: str, consortium: Consortium, redis_url: str = "") -> AsyncIterator[Engineering]:
    """The inbox of the database at `url`, for the command line."""
    log = Log("messages")
    bell = bell_of(redis_url, log)
    database = await Database.connect(url, size=2, name="yilian-messages")
    trail = Trail(database, log)
    try:
        await schema.check(database)
        readers = envelope_readers(consortium)
        yield Engineering(
            Messages(database, unmasking(trail)),
            Repairs(database, readers, system_clock, bell),
            Reports(database, facilities_of(consortium)),
            SeenCodes(database, facilities_of(consortium), mapped_codes(consortium)),
        )
    finally:
        await bell.close()
        await trail.close()
        await database.close()


def unmasking(trail: Trail) -> Callable[[Unmasking], Awaitable[None]]:
    """Writes the audit row of an unmasking."""

    async def disclosed(unmasked: Unmasking) -> None:
        requester = Requester(
            role="integration-engineer",
            organization=unmasked.facility,
            client=unmasked.by,
            token_id="",
            purpose=("HSYSADMIN",),
            form="identified",
        )
        await trail.record(
            Entry(
                id=uuid4(),
                time=system_clock(),
                requester=requester,
                interaction=Interaction.OPERATION,
                outcome=Outcome.RELEASED,
                query=urlencode({"unmask": unmasked.message, "feed": unmasked.feed, "reason": unmasked.reason}),
            )
        )

    return disclosed
