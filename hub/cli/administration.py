"""How an administrator works on accounts and applications from the command line: each change is in the trail first."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

from hub.bootstrap.desks import Desk
from hub.kernel.consortium import Consortium
from hub.kernel.settings import Settings
from hub.run.installation import consortium_of, database_of
from hub.run.instances import data_folder, registry

Book = TypeVar("Book")
T = TypeVar("T")


def administer(
    opened: Callable[[str, Consortium, str], AbstractAsyncContextManager[Desk[Book]]],
    data: Path | None,
    work: Callable[[Book], Awaitable[T]],
    deed: Mapping[str, str] | None = None,
) -> T:
    """Do `work` at the desk that `opened` gives for a database; a change is named by its `deed`."""

    async def run() -> T:
        settings = Settings.load(os.environ)
        folder = data or data_folder(registry(os.environ), None, settings.data_dir)
        consortium = consortium_of(folder, settings)
        async with opened(database_of(folder, settings), consortium, getpass.getuser()) as desk:
            if deed is not None:
                await desk.record(deed)
            return await work(desk.book)

    return asyncio.run(run())
