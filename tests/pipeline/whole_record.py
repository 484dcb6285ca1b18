"""All that a database holds of a story, in a form that two runs of it can be compared by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hub.store.resource_types import type_name
from hub.store.values import Stored
from tests.pipeline.hub_in_a_box import Box

_SIDES = ("coding", "string_value", "date_value", "number_value", "resource_home", "outbox")


@dataclass(frozen=True)
class Record:
    """States by identity, every version with its body, and the sizes of the index tables."""

    states: dict[tuple[str, str], int]
    versions: list[tuple[object, ...]]
    sizes: dict[str, int]


async def whole_record(hub: Box) -> Record:
    """Read everything; message numbers, which depend on what was sent again, are told by their identities."""
    async with hub.database.connection() as connection:
        messages = await connection.fetch("SELECT id, identity, state FROM inbox")
        names = {row["id"]: row["identity"] for row in messages}
        versions: list[tuple[object, ...]] = []
        ids = await connection.fetch("SELECT type, id FROM resource")
        for row in ids:
            stored = await hub.store.versions(connection, type_name(row["type"]), row["id"], limit=10_000)
            versions += [_version(version, names) for version in stored]
            # Who spoke last matters of the current version only; of others it depends on where batches ended.
            if stored[0].type != "Provenance":
                versions.append(("last spoken about", row["id"], names.get(stored[0].source or 0)))
        sizes = {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in _SIDES}
    return Record(Counter((row["identity"], row["state"]) for row in messages), sorted(versions, key=repr), sizes)


def _version(stored: Stored, names: Mapping[int, str]) -> tuple[object, ...]:
    body = re.sub(rb"urn:yilian:message:(\d+)", lambda match: names[int(match[1])].encode(), stored.body)
    rid = stored.id
    if stored.type == "Provenance":  # its id is made of the message number
        body, rid = body.replace(rid.encode(), b"*"), "*"
    return stored.type, rid, stored.version, body, stored.cleared, stored.facts, stored.patient
