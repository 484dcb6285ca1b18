"""What refers to a resource within one patient's record: what has to come along when it moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.store.resource_types import type_name

# The array is looked into row by row: its index would be taken beside the patient's (see tables.py, Index).
_REFERRING: Final = """
SELECT type, id FROM resource
WHERE pkey = $1 AND NOT deleted AND EXISTS (SELECT 1 FROM unnest(refs) AS ref WHERE ref = ANY($2::uuid[]))
"""


async def referring(tx: Tx, patient: str, refs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The resources (type, id) about a patient that refer to one of `refs`."""
    keys = [reference_key(*ref) for ref in refs]
    rows = await tx.fetch(_REFERRING, reference_key("Patient", patient), keys) if keys else []
    return {(type_name(row[0]), row[1]) for row in rows}
