"""What one process of the hub does, by its kind."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import uvloop

from hub.bootstrap.foundation import Foundation
from hub.bootstrap.sealed_master import MASTER, inherited
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.child import Child, allow_open_files, leave_no_core


class Kind(StrEnum):
    """Kinds of process; each is `run_KIND` of the module `hub.run.KIND`."""

    API = "api"
    PIPELINE = "pipeline"
    MLLP = "mllp"
    BULK = "bulk"
    EVENTS = "events"
    FILES = "files"
    DICOM = "dicom"


#: How far a kind stands back where processors are short (`nice`): somebody waits for an answer, nobody for the queue.
#: Three times as much goes to the others, not all: what they wait for themselves is written by these.
_STANDS_BACK: Final[Mapping[Kind, int]] = {Kind.PIPELINE: 5, Kind.BULK: 10}


def work(
    kind: Kind, lifeline: int | None, ready: int | None, sockets: Mapping[str, int], *, careful: bool, number: int = 0
) -> None:
    """Be a process of this kind until SIGTERM, SIGINT or the end of the supervisor; settings come by environment.

    `lifeline` and `ready` are as `Child` says, `sockets` file descriptors by name, `number` which of its kind it is
    (from 1; 0: nobody counts them). Raises HubError as the kinds do.
    """
    settings = Settings.load(os.environ)
    listening = {name: fd for name, fd in sockets.items() if name != MASTER}
    master = inherited(sockets[MASTER]) if MASTER in sockets else None
    foundation = Foundation(settings, Log(kind.value, level=settings.log_level), master)

    async def run() -> None:
        child = Child(lifeline, ready)
        match kind:
            case Kind.API:
                from hub.run.api import run_api

                await run_api(foundation, child, listening["http"])
            case Kind.PIPELINE:
                from hub.run.pipeline import run_pipeline

                await run_pipeline(foundation, child, careful=careful, number=number)
            case Kind.MLLP:
                from hub.run.mllp import run_mllp

                await run_mllp(foundation, child, listening)
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

                await run_dicom(foundation, child, listening)

    allow_open_files()
    leave_no_core()
    os.nice(_STANDS_BACK.get(kind, 0))
    # What was imported lives for ever; looking at it in every collection costs a tenth of the pipeline's time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
    sys.stdout.flush()
