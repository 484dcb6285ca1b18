"""Where a request came from, for callers of the gate, which may not know the audit trail behind it."""

from __future__ import annotations

from hub.audit.entry import UNKNOWN_ORIGIN, Origin

__all__ = ["UNKNOWN_ORIGIN", "Origin"]
