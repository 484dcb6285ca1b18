"""One hub from start to stop: data folder, database, schema, sockets, processes, ready report."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from hub.auth.keys import KeyStore
from hub.bootstrap.definitions import indexing
from hub.bootstrap.feeds import readings
from hub.bootstrap.foundation import bell_of, migrate
from hub.bootstrap.keys import ensure_keys, in_shares, master_key
from hub.bootstrap.outbound import routes
from hub.bootstrap.sealed_master import MASTER, in_memory
from hub.kernel.consortium import load
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.database import kept_database
from hub.run.forked import prepare
from hub.run.installation import consortium_file, locked, remember
from hub.run.instances import registered
from hub.run.restoring import refuse_unfinished
from hub.run.sockets import listen
from hub.run.supervisor import ProcessSpec, Supervisor
from hub.run.unsealing import unsealed
from hub.run.work import Kind

#: Hosts of this machine alone.
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
#: Transports that listen on a socket of each feed, in a process of their own.
_LISTENERS: Final = ("mllp", "dicom")
#: Transports whose messages the hub fetches, in a process of their own.
_FETCHED: Final = frozenset({"folder", "archive", "mqtt"})

#: The sockets of feeds, by transport and feed.
_Feeds = dict[str, dict[str, socket.socket]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a running hub answers."""

    base: str
    mllp: dict[str, int]
    dicom: dict[str, int]

    def ready(self, pids: dict[str, int]) -> dict[str, Any]:
        """The content of the ready file."""
        doors = {"fhir": f"{self.base}/fhir", "pages": f"{self.base}/", "mllp": self.mllp, "dicom": self.dicom}
        return {**doors, "pids": pids}


@asynccontextmanager
async def running(
    settings: Settings,
    registry: Path,
    log: Log,
    changed: Callable[[dict[str, Any]], None],
    output: TextIO | None = None,
    stop: asyncio.Event | None = None,
) -> AsyncIterator[Addresses]:
    """A hub that answers while the block runs; `changed` gets the ready report at start and after each restart.

    `output` is where the processes write their log lines; None: standard error. `stop` ends the waiting for keepers.

    Raises HubError: CONFLICT for a data folder or port in use, INVALID for a setting, file or profile that is wrong,
    UNAVAILABLE when the database cannot be reached.
    """
    config = consortium_file(settings)
    consortium = load(config)
    _guard(settings)
    bell_of(settings.redis_url, log)
    data: Path = settings.data_dir
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(data))
        refuse_unfinished(data)
        prepare()
        KeyStore(data / "keys")
        readings(consortium)
        routes(consortium)
        api = stack.enter_context(listen(settings.host, settings.port, what="HTTP"))
        master, handed = await _master(stack, settings, api, stop or asyncio.Event(), log)
        url = await stack.enter_async_context(kept_database(settings, log))
        remember(data, config, url)
        await migrate(url)
        async with indexing(url) as index:
            await index.keep()
        await ensure_keys(settings, url, master)
        feeds: _Feeds = {transport: {} for transport in _LISTENERS}
        for feed in consortium.feeds.values():
            if feed.transport in feeds:
                listening = stack.enter_context(listen(feed.host, feed.port, what=f"feed {feed.name}"))
                feeds[feed.transport][feed.name] = listening
        addresses = _addresses(settings, api, feeds)
        stack.enter_context(registered(registry, api.getsockname()[1], data))
        public = settings.base_url or f"{addresses.base}/fhir"
        values = {**settings.values, "database_url": url, "config": config.resolve(), "base_url": public}
        environment = Settings(values).child_environment(os.environ)
        fetched = any(feed.transport in _FETCHED for feed in consortium.feeds.values())
        supervisor = Supervisor(environment, log, changed=lambda pids: changed(addresses.ready(pids)), output=output)
        stack.push_async_callback(supervisor.stop)
        await supervisor.start_all(_processes(settings, api, feeds, handed, fetched=fetched))
        changed(addresses.ready(supervisor.pids))
        yield addresses


async def _master(
    stack: AsyncExitStack, settings: Settings, api: socket.socket, stop: asyncio.Event, log: Log
) -> tuple[bytes | None, dict[str, int]]:
    """The master key, and how processes get it that cannot read it from a file: by an inherited one in memory."""
    if not in_shares(settings):
        return master_key(settings), {}
    master = await stack.enter_async_context(unsealed(settings, api, stop, log))
    handle = in_memory(master)
    stack.callback(os.close, handle)
    return master, {MASTER: handle}


def _processes(
    settings: Settings, api: socket.socket, feeds: _Feeds, handed: dict[str, int], *, fetched: bool
) -> Iterator[ProcessSpec]:
    for number in range(1, settings.pipeline_workers + 1):
        yield ProcessSpec(name=f"pipeline-{number}", kind=Kind.PIPELINE, careful=True, sockets=handed, number=number)
    for number in range(1, settings.api_workers + 1):
        yield ProcessSpec(name=f"api-{number}", kind=Kind.API, sockets={"http": api.fileno(), **handed})
    for number in range(1, settings.bulk_workers + 1):
        yield ProcessSpec(name=f"bulk-{number}", kind=Kind.BULK, sockets=handed)
    yield ProcessSpec(name="events", kind=Kind.EVENTS, sockets=handed)
    if fetched:
        yield ProcessSpec(name="files", kind=Kind.FILES, sockets=handed)
    for transport, listening in feeds.items():
        if listening or transport == "mllp":
            numbers = {name: feed.fileno() for name, feed in listening.items()}
            yield ProcessSpec(name=transport, kind=Kind(transport), sockets={**numbers, **handed})


def _addresses(settings: Settings, api: socket.socket, feeds: _Feeds) -> Addresses:
    scheme = "https" if settings.tls_certificate else "http"
    host = settings.host if settings.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - compared, not bound
    shown = f"[{host}]" if ":" in host else host
    ports = {kind: {name: each.getsockname()[1] for name, each in by_name.items()} for kind, by_name in feeds.items()}
    return Addresses(base=f"{scheme}://{shown}:{api.getsockname()[1]}", **ports)


def _guard(settings: Settings) -> None:
    """Refuse what would expose patient data, or what is fit for a demo only in production."""
    exposed = settings.host not in LOOPBACK and not settings.tls_certificate
    if exposed and not settings.plaintext:
        raise HubError(
            Category.INVALID,
            "an address other than loopback needs TLS",
            where="YILIAN_HOST",
            todo="set YILIAN_TLS_CERTIFICATE and YILIAN_TLS_KEY, or YILIAN_PLAINTEXT=true behind a proxy that ends TLS",
        )
    if settings.production and not settings.base_url.startswith("https://"):
        raise HubError(
            Category.INVALID, "production needs a public https address", where="YILIAN_BASE_URL", todo="set it"
        )
    if settings.production and not settings.encryption:
        raise HubError(
            Category.INVALID,
            "production needs a word on encryption",
            where="YILIAN_ENCRYPTION",
            todo="choose aes-256-gcm or sm4-gcm (yilian keys init), or say off",
        )


async def until(
    stop: asyncio.Event, settings: Settings, registry: Path, log: Log, changed: Callable[[dict[str, Any]], None]
) -> None:
    """Run a hub until `stop` is set, also while it waits to be unsealed."""
    try:
        async with running(settings, registry, log, changed, stop=stop):
            await stop.wait()
    except HubError as error:
        if error.code != "sealed" or not stop.is_set():
            raise
