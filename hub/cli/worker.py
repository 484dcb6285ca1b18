"""`yilian worker`: one supervised process. Not for people; the supervisor starts it."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from enum import StrEnum
from typing import Annotated

import typer
import uvloop

from hub.bootstrap.foundation import Foundation
from hub.bootstrap.sealed_master import MASTER, inherited
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.child import Child, allow_open_files, leave_no_core


class Kind(StrEnum):
    """Kinds of process."""

    API = "api"
    PIPELINE = "pipeline"
    MLLP = "mllp"
    BULK = "bulk"
    EVENTS = "events"
    FILES = "files"
    DICOM = "dicom"


def worker(
    kind: Kind,
    lifeline: Annotated[int | None, typer.Option()] = None,
    ready: Annotated[int | None, typer.Option()] = None,
    socket: Annotated[list[str] | None, typer.Option()] = None,
    careful: Annotated[bool, typer.Option()] = False,
) -> None:
    """Run one process until SIGTERM, SIGINT or the end of the supervisor."""
    settings = Settings.load(os.environ)
    sockets = {name: int(fd) for name, _, fd in (text.partition("=") for text in socket or ())}
    handed = sockets.pop(MASTER, None)
    master = None if handed is None else inherited(handed)
    foundation = Foundation(settings, Log(kind.value, level=settings.log_level), master)

    async def run() -> None:
        child = Child(lifeline, ready)
        match kind:
            case Kind.API:
                from hub.run.api import run_api

                await run_api(foundation, child, sockets["http"])
            case Kind.PIPELINE:
                from hub.run.pipeline import run_pipeline

                await run_pipeline(foundation, child, careful=careful)
            case Kind.MLLP:
                from hub.run.mllp import run_mllp

                await run_mllp(foundation, child, sockets)
            case Kind.BULK:
                from hub.run.bulk import run_bulk

                await run_bulk(foundation, child)
            case Kind.EVENTS:
                from hub.run.events import run_events

                await run_events(foundation, child)
            case Kind.FILES:
                from hub.run.files import run_files

                await run_files(foundation, child)
            case Kind.DICOM:
                from hub.run.dicom import run_dicom

                await run_dicom(foundation, child, sockets)

    allow_open_files()
    leave_no_core()
    # What was imported lives for ever; looking at it in every collection costs a tenth of the pipeline's time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
    sys.stdout.flush()
