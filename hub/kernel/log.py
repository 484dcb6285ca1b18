"""Structured logs that cannot carry patient data: one JSON line per event on standard error.

An event has a fixed name and fields whose names stand in `FIELDS`; a field that is not listed is refused, and text
values must look like codes, ids or numbers (no spaces, no CJK, at most 80 characters), or are replaced by their hash.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from typing import Any, Final, TextIO

from hub.kernel.clock import Clock, system_clock

LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}

#: Every field a log line may have, with its meaning.
FIELDS: Final = {
    "feed": "name of the feed",
    "facility": "code of the facility",
    "message": "inbox number",
    "kind": "message type, such as ADT^A01",
    "state": "state of a message",
    "category": "error category",
    "code": "error code",
    "count": "how many",
    "total": "of how many",
    "seconds": "duration",
    "bytes": "size",
    "port": "TCP port",
    "pid": "process number",
    "process": "role of the process",
    "worker": "number of the worker",
    "status": "HTTP or exit status",
    "method": "HTTP method",
    "route": "route template, never a path with values",
    "resource_type": "FHIR resource type",
    "role": "role of the actor",
    "organization": "organisation of the actor",
    "request": "request number",
    "version": "version of the software or schema",
    "exception": "class of an exception",
    "position": "file:line of the raising code",
    "signal": "signal number",
    "attempt": "number of the attempt",
}

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/^+\-{}<>*]{0,80}\Z")


class Log:
    """Writes events of one process. `process` names its role on every line."""

    def __init__(
        self, process: str, *, level: str = "INFO", stream: TextIO | None = None, clock: Clock = system_clock
    ) -> None:
        self._process = process
        self._least = LEVELS[level]
        self._stream = stream
        self._clock = clock

    def event(self, name: str, /, level: str = "INFO", **fields: Any) -> None:
        """Write one line. Raises ValueError for a field that is not in `FIELDS`."""
        if LEVELS[level] < self._least:
            return
        unknown = fields.keys() - FIELDS.keys()
        if unknown:
            raise ValueError(f"log fields not in the closed list: {sorted(unknown)}")
        line = {
            "at": self._clock().isoformat(timespec="milliseconds"),
            "level": level,
            "process": self._process,
            "event": name,
        }
        line.update({key: _safe(value) for key, value in fields.items()})
        print(json.dumps(line, ensure_ascii=True), file=self._stream or sys.stderr, flush=True)

    def failure(self, name: str, error: BaseException, **fields: Any) -> None:
        """Write an ERROR line for `error`: class and position only, since its text may repeat input."""
        self.event(name, level="ERROR", exception=type(error).__name__, position=place(error), **fields)


def place(error: BaseException) -> str:
    """`module:line` where an exception was raised, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '')}:{trace.tb_lineno}"


def _safe(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    if _PLAIN.match(text):
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
