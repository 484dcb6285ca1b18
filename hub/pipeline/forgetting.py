"""Messages erased with the patient they were about: their bytes go, their number, state and times stay.

Nothing vanishes from the count of messages. What came again is erased too, and what waits or was refused in the same
lanes. Devices are the patient's no longer.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.fhir.json import dumps
from hub.pipeline.devices.bindings import LOCK, NEXT_CHANGE
from hub.pipeline.reason import refused
from hub.pipeline.sealed import erased

_OF_KEYS: Final = """
SELECT i.id FROM inbox i JOIN data_key k ON k.owner = ANY($1::uuid[])
WHERE length(i.raw_key) > 10 AND substring(i.raw_key FROM 3 FOR 8) = int8send(k.number)
"""
#: Repeats and conflicts of these, and what waits or was refused and has no lanes but theirs.
_BESIDE: Final = """
SELECT id FROM inbox WHERE (reason ->> 'repeats')::bigint = ANY($1::bigint[])
UNION SELECT d.id FROM inbox d WHERE d.state IN ('dead', 'queued') AND d.lanes <> '{}' AND d.lanes <@ ARRAY(
    SELECT DISTINCT unnest(lanes) FROM inbox WHERE id = ANY($1::bigint[]))
"""
_ERASE: Final = """
UPDATE inbox SET raw = '', repaired = NULL, raw_key = '', lanes = '{}', identity = '',
    reason = CASE WHEN state IN ('queued', 'dead') THEN $2::jsonb ELSE reason END,
    state = CASE WHEN state = 'queued' THEN 'dead' ELSE state END
WHERE id = ANY($1::bigint[])
"""
#: Whose the device was is forgotten; that it was somebody's, and when, stays.
_UNBIND: Final = (
    f"UPDATE device_binding SET patient = '', pkey = NULL, change = {NEXT_CHANGE} WHERE pkey = ANY($1::uuid[])"
)


async def forget(tx: Tx, owners: Collection[UUID], known: Collection[int]) -> int:
    """Erase the messages that the data keys of a source patient wrap, and `known` ones; how many there were.

    `owners` are the keys of the patient, one for each id it comes by.
    """
    found = {*known, *(row[0] for row in await tx.fetch(_OF_KEYS, owners))}
    found |= {row[0] for row in await tx.fetch(_BESIDE, list(found))}
    await tx.execute(LOCK)
    await tx.execute(_UNBIND, owners)
    reason = dumps(refused(erased()).as_json()).decode()
    await tx.execute(_ERASE, sorted(found), reason)
    return len(found)
