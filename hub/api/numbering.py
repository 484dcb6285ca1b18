"""Request numbers: what a client sees, the log and the audit trail have, and support asks for."""

from __future__ import annotations

import itertools
from typing import Final


class Numbering:
    """Numbers the requests of one process; `prefix` tells processes apart."""

    def __init__(self, prefix: str) -> None:
        self._prefix: Final = prefix
        self._count: Final = itertools.count(1)

    def next(self) -> str:
        """The next number, such as `k3f9-17`."""
        return f"{self._prefix}-{next(self._count)}"
