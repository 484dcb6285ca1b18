"""`yilian demo`: a fictional county feeds a real hub over real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.demo.ask import Client
from hub.demo.play import play, settle
from hub.demo.story import sendings
from hub.demo.tokens import clients
from hub.demo.verify import verdicts
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.hub import Addresses, running
from hub.run.installation import DEMO_CONSORTIUM, temporary_data
from hub.run.instances import registry

#: Invented persons beside those of the story.
BACKGROUND = 150

#: Resource types shown in the summary.
SHOWN = (
    "Patient",
    "Encounter",
    "Observation",
    "DiagnosticReport",
    "ServiceRequest",
    "Condition",
    "AllergyIntolerance",
    "Appointment",
    "RelatedPerson",
)
SENDERS = ("F01", "F03")

console = Console(stderr=True)


def demo(
    check: Annotated[bool, typer.Option("--check", help="Verify from a second process, stop, exit 0 or 1.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here as JSON.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder; none: a temporary one.")] = None,
    port: Annotated[int, typer.Option(help="Port of the HTTP API; 0 takes a free one.")] = 0,
) -> None:
    """Start everything on an embedded PostgreSQL, play the demo, and stay up until Ctrl-C."""
    with _folder(data) as folder:
        settings = Settings.load(os.environ, data_dir=folder, port=port, config=DEMO_CONSORTIUM)
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
        async with running(settings, registry(os.environ), log, lambda _: None, output=lines) as addresses:
            result = await _play(settings, folder, addresses)
            _summary(result, addresses)
            if check:
                return await _check(addresses, folder, result, json_file)
            _write(json_file, result)
            _invite(addresses, folder)
            await stop.wait()
    return True


async def _play(settings: Settings, folder: Path, addresses: Addresses) -> dict[str, Any]:
    messages = list(sendings(BACKGROUND, settings.demo_seed))
    with _progress(len(messages)) as told:
        codes = await play(messages, addresses.mllp, told)
    client = clients(addresses.base, folder, settings)
    rows = await settle(client("integration-engineer", "F01"))
    found = await asyncio.to_thread(_resources, [client("clinician", sender) for sender in SENDERS])
    return {"sent": len(messages), "acknowledgements": dict(codes), "messages": rows, "resources": found}


def _resources(doctors: list[Client]) -> dict[str, int]:
    counts = {name: sum(doctor.count(name) for doctor in doctors) for name in SHOWN}
    return {name: count for name, count in counts.items() if count}


async def _check(addresses: Addresses, folder: Path, result: dict[str, Any], json_file: Path | None) -> bool:
    """A process of its own asks, so that nothing it sees comes from this one."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "hub.cli.main", "demo-verify", addresses.base, str(folder)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await child.communicate()
    checks = json.loads(output) if output else []
    for one in checks:
        mark = "[green]holds[/]" if one["holds"] else "[red]FAILS[/]"
        console.print(f"{mark}  {one['says']}  {one['seen']}")
    good = child.returncode == 0 and bool(checks) and all(one["holds"] for one in checks)
    _write(json_file, {**result, "checks": checks, "ok": good})
    console.print(f"{sum(one['holds'] for one in checks)} of {len(checks)} checks hold")
    return good


def verify(
    base: Annotated[str, typer.Argument(help="http://host:port of the hub.")],
    data: Annotated[Path, typer.Argument(help="Its data folder.")],
) -> None:
    """Ask a hub that played the demo whether everything came out right; prints JSON."""
    found = verdicts(clients(base, data, Settings.load(os.environ)))
    json.dump([{"says": v.says, "holds": v.holds, "seen": v.seen} for v in found], sys.stdout, ensure_ascii=False)


def _summary(result: dict[str, Any], addresses: Addresses) -> None:
    table = Table("feed", "state", "messages", title=f"{result['sent']} messages sent", title_justify="left")
    for row in result["messages"]:
        table.add_row(row["feed"], row["state"], str(row["count"]))
    resources = Table("resource type", "stored", title="the record", title_justify="left")
    for name, count in result["resources"].items():
        resources.add_row(name, str(count))
    output = Console()
    output.print(table)
    output.print(resources)
    output.print(f"FHIR {addresses.base}/fhir   MLLP {addresses.mllp}", soft_wrap=True)


def _invite(addresses: Addresses, folder: Path) -> None:
    port = addresses.base.rsplit(":", 1)[1]
    Console().print(
        "\nAsk, in another terminal:\n"
        f"  TOKEN=$(yilian token --role clinician --organization F01 --url {addresses.base})\n"
        f'  curl -H "Authorization: Bearer $TOKEN" "{addresses.base}/fhir/Patient?name=%E6%B2%88"\n'
        f'  curl -H "Authorization: Bearer $TOKEN" "{addresses.base}/fhir/Encounter?status=in-progress&_sort=-date"\n'
        f"  yilian messages list --state dead --data {folder}\n"
        f"Log lines: {folder}/hub.log. Port {port} answers until Ctrl-C.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


def _write(path: Path | None, result: dict[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield data
        return
    with temporary_data() as folder:
        yield folder


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("messages acknowledged", total=total)
        yield lambda _: progress.advance(task)
