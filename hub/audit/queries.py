"""Reading the trail: the newest entries, all or those that released or wrote a patient's data."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from hub.audit.entry import Entry
from hub.audit.tables import audit, entry_of
from hub.db.database import Tx
from hub.db.statement import Statement, compiled
from hub.kernel.ids import reference_key

_COUNT: Final = compiled(select(func.count()).select_from(audit))


def _newest(*conditions: ColumnElement[bool]) -> Statement:
    return compiled(select(audit).where(*conditions).order_by(audit.c.number.desc()).limit(bindparam("most")))


_NEWEST: Final = _newest()
_WHO_LOOKED: Final = _newest(audit.c.patient_keys.contains(bindparam("keys", type_=ARRAY(Uuid))))


async def count(tx: Tx) -> int:
    """How many entries there are."""
    return int(await tx.fetchval(_COUNT.sql))


async def newest(tx: Tx, *, limit: int = 100) -> list[Entry]:
    """The newest entries first."""
    rows = await tx.fetch(_NEWEST.sql, *_NEWEST.args({"most": limit}))
    return [entry_of(dict(row)) for row in rows]


async def who_looked(tx: Tx, patient: str, *, limit: int = 100) -> list[Entry]:
    """Entries that released or wrote data of the source patient with this id, newest first."""
    values = {"keys": [reference_key("Patient", patient)], "most": limit}
    rows = await tx.fetch(_WHO_LOOKED.sql, *_WHO_LOOKED.args(values))
    return [entry_of(dict(row)) for row in rows]
