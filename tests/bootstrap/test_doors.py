"""Every door that clients write through is built whole: none goes by labels or codes of an hour ago."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import hub


def _doors() -> Iterator[tuple[str, set[str | None]]]:
    """Where a door is built, and what it is given by name."""
    for path in sorted(Path(hub.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ClientWrites":
                yield path.name, {keyword.arg for keyword in node.keywords}


def test_each_takes_up_before_a_write_what_codes_mean_and_what_is_sensitive() -> None:
    doors = dict(_doors())
    assert {"parts.py", "bulk_worker.py", "events.py", "standing.py"} <= doors.keys()
    assert {name for name, given in doors.items() if not {"labelling", "refresh"} <= given} == set()
