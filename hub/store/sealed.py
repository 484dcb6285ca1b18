"""Bodies sealed and opened: by the data key of their source patient, or of the author's facility where they have none.

A seal holds for one version in one row of one patient: the body of another does not open in its place.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.sealing.envelope import DataKey, is_sealed, key_number, seal, unseal
from hub.sealing.keyring import Keyring, Kind, keyring_of
from hub.store.batch import RESOURCE_COLUMNS as COLUMNS
from hub.store.batch import VERSION_COLUMNS as OF_HISTORY
from hub.store.batch import Batch, Row

_PLACE: Final = struct.Struct(">16shi")


def place(rtype: int, rid: str, version: int, pkey: UUID) -> bytes:
    """What names the row of a body; `rtype` is the number of its type."""
    return _PLACE.pack(pkey.bytes, rtype, version) + rid.encode()


def unsealed(
    body: bytes, keys: Mapping[int, DataKey | None], rtype: int, rid: str, version: int, pkey: UUID
) -> bytes | None:
    """A body as the codec made it; None where its key was erased. Raises HubError FAULT (`seal-broken`)."""
    if not is_sealed(body):
        return body
    key = keys[key_number(body)]
    return None if key is None else unseal(key, body, place(rtype, rid, version, pkey))


async def seal_batch(tx: Tx, batch: Batch) -> list[DataKey]:
    """Seal the bodies of a batch where this hub seals; the keys it took."""
    keyring = keyring_of(tx)
    if keyring.suite is None:
        return []
    owners: dict[UUID, Kind] = {}
    for columns, rows in ((COLUMNS, batch.resource.values()), (OF_HISTORY, batch.history)):
        at = _At(columns)
        owners.update(at.owner(row) for row in rows if row[at.body])
    keys = await keyring.sealing(tx, owners, keyring.suite)
    current, past = _At(COLUMNS), _At(OF_HISTORY)
    batch.resource = {key: current.sealed(row, keys, keyring) for key, row in batch.resource.items()}
    batch.history = [past.sealed(row, keys, keyring) for row in batch.history]
    return list(keys.values())


class _At:
    """Where in a row of some columns stands what sealing asks for."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.body: Final = columns.index("body")
        self._pkey, self._patient, self._author = map(columns.index, ("pkey", "patient", "author_org"))
        self._place = [columns.index(name) for name in ("type", "id", "version", "pkey")]

    def owner(self, row: Row) -> tuple[UUID, Kind]:
        """Whose key is for a row."""
        return owner_of(row[self._pkey], row[self._patient], row[self._author])

    def sealed(self, row: Row, keys: Mapping[UUID, DataKey], keyring: Keyring) -> Row:
        if not row[self.body]:
            return row
        key = keys[self.owner(row)[0]]
        where = place(*(row[index] for index in self._place))
        body = seal(key, row[self.body], where, keyring.random_bytes)
        return (*row[: self.body], body, *row[self.body + 1 :])


def owner_of(pkey: UUID, patient: str | None, author_org: str) -> tuple[UUID, Kind]:
    """Whose key is for a body: its source patient's, or that of its author's facility."""
    return (pkey, "patient") if patient is not None else (reference_key("Facility", author_org), "facility")
