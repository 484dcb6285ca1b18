"""Snapshots that say when they were recorded: one that was recorded later stands, whatever order they came in. Pure.

A phone that was offline sends what it has when it finds a network, not in the order of writing. The instant stands in
an extension of `meta`, so that what is stored tells it by itself.
"""

from __future__ import annotations

from datetime import datetime

from hub.kernel.types import Draft, Json


def newer_stands(draft: Draft, stored: Json | None) -> bool:
    """Whether what is stored was recorded after `draft`, by the extension that `draft.dated` names."""
    if not draft.dated or stored is None:
        return False
    theirs, ours = _recorded(stored, draft.dated), _recorded(draft.resource, draft.dated)
    return theirs is not None and ours is not None and theirs > ours


def _recorded(resource: Json, url: str) -> datetime | None:
    stated = resource.get("meta", {}).get("extension", ())
    found = next((each.get("valueDateTime") for each in stated if each.get("url") == url), None)
    return datetime.fromisoformat(found) if found else None
