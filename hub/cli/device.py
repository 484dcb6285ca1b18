"""`yilian device`: who may send readings of devices, and whose the devices are. What is done is audited."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import typer

from hub.bootstrap.devices import DeviceDesk, opened_device_desk
from hub.cli.desk import Data, foundation_of
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.pipeline.devices.bindings import Wanted
from hub.pipeline.engineer import Engineer

app = typer.Typer(no_args_is_help=True, help="Devices: who may send their readings, and whose they are.")

T = TypeVar("T")
Feed = Annotated[str, typer.Argument(help="Feed of format device.")]
Number = Annotated[str, typer.Argument(help="Number of the device, as its feed sends it.")]
Sender = Annotated[str, typer.Argument(help="Number of the device, or name of the gateway.")]
Instant = Annotated[str, typer.Option(help="Instant with its offset (2026-03-05T09:30:00+08:00); now, if none.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit trail.")]


@app.command()
def register(
    feed: Feed,
    name: Sender,
    gateway: Annotated[bool, typer.Option("--gateway", help="It sends for every device of the feed.")] = False,
    sign: Annotated[bool, typer.Option("--sign", help="Take signed requests alone, not the bare secret.")] = False,
    data: Data = None,
) -> None:
    """Let a device or gateway send. Its secret is printed, this once; registered again it gets a new one."""
    secret = _run(data, lambda desk: desk.senders.register(_me(), feed, name, gateway=gateway, signs=sign))
    typer.echo(secret)


@app.command()
def stop(feed: Feed, name: Sender, data: Data = None) -> None:
    """Let a device or gateway send no more; its secret is worth nothing from now on."""
    _run(data, lambda desk: desk.senders.stop(_me(), feed, name))


@app.command()
def senders(feed: Feed, data: Data = None, as_json: AsJson = False) -> None:
    """List who may send to a feed."""
    _print(_run(data, lambda desk: desk.senders.listed(_me(), feed)), as_json=as_json)


@app.command()
def bind(
    feed: Feed,
    device: Number,
    patient: Annotated[str, typer.Argument(help="Patient/ID, registered at the facility of the feed.")],
    start: Instant = "",
    end: Annotated[str, typer.Option(help="Instant with its offset; until it is ended, if none.")] = "",
    reason: Reason = "",
    data: Data = None,
) -> None:
    """Bind a device to a patient. Readings of that time that wait are taken by themselves."""
    wanted = Wanted(
        feed=feed,
        device=device,
        patient=patient.removeprefix("Patient/"),
        start=_instant(start, "--start") or system_clock(),
        end=_instant(end, "--end"),
    )
    typer.echo(_run(data, lambda desk: desk.bindings.bind(_me(), wanted, reason)).number)


@app.command("end")
def end_(
    number: Annotated[int, typer.Argument(help="Number of the binding.")],
    at: Instant = "",
    reason: Reason = "",
    data: Data = None,
) -> None:
    """Let a device be somebody's no longer."""
    when = _instant(at, "--at")
    _run(data, lambda desk: desk.bindings.end(_me(), number, when, reason))


@app.command("list")
def list_(
    feed: Feed,
    device: Annotated[str | None, typer.Option(help="Only of this device.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the newest bindings of a feed: which devices are bound from when until when, not to whom."""
    found = [made.as_json() for made in _run(data, lambda desk: desk.bindings.listed(_me(), feed, device))]
    _print([{name: value for name, value in row.items() if name != "patient"} for row in found], as_json=as_json)


def _me() -> Engineer:
    return Engineer(name=getpass.getuser(), role="administrator")


def _run(data: Data, work: Callable[[DeviceDesk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with opened_device_desk(foundation_of(data, "devices")) as desk:
            return await work(desk)

    return asyncio.run(run())


def _instant(text: str, option: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        todo = "write it as 2026-03-05T09:30:00+08:00"
        raise HubError(Category.INVALID, "is no instant with its offset", where=option, todo=todo)
    return found


def _print(rows: Sequence[Json], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    names = list(rows[0]) if rows else []
    print_table(names, (row.values() for row in rows))
