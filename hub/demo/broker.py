"""An MQTT broker for the demo: mosquitto, on a port of loopback, where the machine has it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from hub.kernel.errors import Category, HubError

_FOLDERS: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
#: Looks until it listens, and seconds between two.
_LOOKS: Final = 100
_PAUSE: Final = 0.05


def program() -> str | None:
    """Where mosquitto is."""
    return shutil.which("mosquitto", path=_FOLDERS)


@asynccontextmanager
async def brokered(port: int, folder: Path) -> AsyncIterator[int]:
    """Run the broker while the block runs, its settings in `folder`. Gives the port; 0 where there is none to run.

    Raises HubError UNAVAILABLE where it does not start.
    """
    found = program()
    if not port or found is None:
        yield 0
        return
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
    nowhere = asyncio.subprocess.DEVNULL
    broker = await asyncio.create_subprocess_exec(found, "-c", str(settings), stdout=nowhere, stderr=nowhere)
    try:
        await _listening(port)
        yield port
    finally:
        if broker.returncode is None:
            broker.terminate()
        await broker.wait()


async def _listening(port: int) -> None:
    for _ in range(_LOOKS):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(_PAUSE)
            continue
        writer.close()
        return
    raise HubError(Category.UNAVAILABLE, "does not listen", where="mosquitto", todo="see whether its port is taken")
