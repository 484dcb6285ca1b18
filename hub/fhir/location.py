"""The place of an issue as the simple XPath that R4 asks of `OperationOutcome.issue.location`."""

from __future__ import annotations

import re
from typing import Final

_SEGMENT: Final = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9]*)(?:\.ofType\((?P<type>[A-Za-z0-9]+)\))?(?:\[(?P<index>[0-9]+)\])?"
)


def location(expression: str) -> str:
    """`/f:Patient/f:name[1]/f:given[2]` for `Patient.name[0].given[1]`: positions count from one."""
    return "".join(_step(match) for match in _SEGMENT.finditer(expression))


def _step(match: re.Match[str]) -> str:
    kind = match["type"] or ""
    at = f"[{int(match['index']) + 1}]" if match["index"] else ""
    return f"/f:{match['name']}{kind[:1].upper()}{kind[1:]}{at}"
