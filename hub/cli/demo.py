"""`yilian demo`: a fictional county feeds a real hub over real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.demo_report import console, invite, judged, progress, summary
from hub.demo.ask import Client
from hub.demo.broker import brokered
from hub.demo.calendar import Calendar
from hub.demo.county import broker_port, county_file, his_port
from hub.demo.figures import figures
from hub.demo.measure import measure_report
from hub.demo.perform import perform
from hub.demo.play import settle
from hub.demo.played import played, remember
from hub.demo.receiver import Receiver, receiving
from hub.demo.sign_in import SignIn, sign_ins
from hub.demo.stage import Stage
from hub.demo.tokens import Clients, clients
from hub.demo.verify import verdicts
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.hub import Addresses, running
from hub.run.installation import consortium_of, database_of, temporary_data
from hub.run.instances import registry

#: Resource types shown in the summary.
SHOWN = (
    "Patient",
    "Encounter",
    "EpisodeOfCare",
    "Observation",
    "DiagnosticReport",
    "ServiceRequest",
    "MedicationRequest",
    "Condition",
    "AllergyIntolerance",
    "Appointment",
    "RelatedPerson",
)
#: Whose view the summary counts: any clinician of a facility, or somebody of the staff.
VIEWERS = ("F01", "F03", "F04", "bai")


def demo(
    check: Annotated[bool, typer.Option("--check", help="Verify from a second process, stop, exit 0 or 1.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here as JSON.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder; none: a temporary one.")] = None,
    port: Annotated[int, typer.Option(help="Port of the HTTP API; 0 takes a free one.")] = 0,
) -> None:
    """Start everything on an embedded PostgreSQL, play the demo, and stay up until Ctrl-C.

    In a data folder where it was played before, the demo goes on from where it was.
    """
    with _folder(data) as folder:
        if check and played(folder):
            raise HubError(
                Category.CONFLICT,
                "the demo was played here before, and people have acted since",
                where=str(folder),
                todo="check it in a folder of its own, or without --data",
            )
        settings = Settings.load(os.environ, data_dir=folder, port=port, config=county_file(folder))
        good = asyncio.run(_demo(settings, folder, check=check, json_file=json_file))
    if not good:
        raise typer.Exit(1)


async def _demo(settings: Settings, folder: Path, *, check: bool, json_file: Path | None) -> bool:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with (folder / "hub.log").open("a") as lines:
        log = Log("supervisor", level=settings.log_level, stream=lines)
        console.print("starting PostgreSQL and the hub ...")
        async with (
            receiving(his_port(settings.config)) as his,
            brokered(broker_port(settings.config), folder) as broker,
            running(settings, registry(os.environ), log, lambda _: None, output=lines) as addresses,
        ):
            before = played(folder)
            calendar = before or Calendar(system_clock())
            known = clients(addresses.base, folder, settings)
            stage = Stage(known, calendar, broker)
            done = {} if before else await _play(addresses, known, stage, his, calendar, settings.demo_seed)
            done |= {"broker": "mosquitto" if broker else ""}
            remember(folder, calendar)
            result = {**done, **await _look(settings, folder, stage)}
            summary(result, addresses)
            if check:
                return await _check(addresses, folder, calendar, result, json_file)
            _write(json_file, result)
            invite(addresses, folder, await _sign_ins(settings, folder, stage))
            await stop.wait()
    return True


async def _play(
    addresses: Addresses, known: Clients, stage: Stage, his: Receiver, calendar: Calendar, seed: int
) -> dict[str, Any]:
    with progress() as told:
        return await perform(addresses, known, stage, his, calendar, seed, told)


async def _look(settings: Settings, folder: Path, stage: Stage) -> dict[str, Any]:
    return {
        "messages": await settle(stage.actor("administrator")),
        "people": await figures(database_of(folder, settings)),
        "measure": await asyncio.to_thread(measure_report, stage),
        "seen": await asyncio.to_thread(lambda: {name: _counts(stage.actor(name)) for name in VIEWERS}),
    }


async def _sign_ins(settings: Settings, folder: Path, stage: Stage) -> list[SignIn]:
    return await sign_ins(database_of(folder, settings), consortium_of(folder, settings), stage)


def _counts(viewer: Client) -> dict[str, int]:
    return {name: viewer.count(name) for name in SHOWN}


async def _check(
    addresses: Addresses, folder: Path, calendar: Calendar, result: dict[str, Any], json_file: Path | None
) -> bool:
    """A process of its own asks, so that nothing it sees comes from this one."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "hub.cli.main", "demo-verify", addresses.base, str(folder), calendar.now.isoformat()),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await child.communicate()
    checks = json.loads(output) if output else []
    judged(checks)
    good = child.returncode == 0 and bool(checks) and all(one["holds"] for one in checks)
    _write(json_file, {**result, "checks": checks, "ok": good})
    return good


def verify(
    base: Annotated[str, typer.Argument(help="http://host:port of the hub.")],
    data: Annotated[Path, typer.Argument(help="Its data folder.")],
    played: Annotated[str, typer.Argument(help="Instant at which the demo was played, with its zone.")],
) -> None:
    """Ask a hub that played the demo whether everything came out right; prints JSON."""
    stage = Stage(clients(base, data, Settings.load(os.environ)), Calendar(datetime.fromisoformat(played)))
    json.dump([asdict(verdict) for verdict in verdicts(stage)], sys.stdout, ensure_ascii=False)


def _write(path: Path | None, result: dict[str, Any]) -> None:
    if path is not None:
        text = json.dumps(result, ensure_ascii=False, indent=1, default=float)
        path.write_text(text + "\n", encoding="utf-8")


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield data
        return
    with temporary_data() as folder:
        yield folder
