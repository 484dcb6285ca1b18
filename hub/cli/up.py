"""`yilian up`: run the hub for real."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.hub import until
from hub.run.instances import registry


def up(
    config: Annotated[Path | None, typer.Option(help="Consortium file.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the HTTP API; 0 takes a free one.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Written as JSON once everything answers.")] = None,
) -> None:
    """Start the hub and keep it running until SIGTERM or Ctrl-C."""
    settings = Settings.load(os.environ, config=config, port=port, data_dir=data)
    log = Log("supervisor", level=settings.log_level)
    asyncio.run(_run(settings, log, _reporter(ready_file, log)))


async def _run(settings: Settings, log: Log, changed: Callable[[dict[str, Any]], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await until(stop, settings, registry(os.environ), log, changed)
    log.event("stopped")


def _reporter(ready_file: Path | None, log: Log) -> Callable[[dict[str, Any]], None]:
    announced = False

    def changed(report: dict[str, Any]) -> None:
        nonlocal announced
        if ready_file is not None:
            _replace(ready_file, json.dumps(report))
        if not announced:
            announced = True
            log.event("ready", count=len(report["pids"]))
            print(f"FHIR {report['fhir']}  pages {report['pages']}  MLLP {report['mllp']}", file=sys.stderr)  # noqa: T201

    return changed


def _replace(path: Path, text: str) -> None:
    """Whole or not at all: a reader never sees half a file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
