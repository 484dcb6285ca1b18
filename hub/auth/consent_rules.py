"""The compiled consents, and the epoch in which a decision holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from hub.db.database import Tx
from hub.db.tables import RIGHTS_LOCK
from hub.kernel.ids import reference_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRule:
    """The newest version of one Consent. `actors` are references; `compiled` is what `consent.packed` makes."""

    id: str
    patient: str
    version: int
    status: str
    actors: tuple[str, ...]
    compiled: bytes

    @property
    def pkey(self) -> UUID:
        """Key of the source patient."""
        return reference_key("Patient", self.patient)


_PUT: Final = """
INSERT INTO consent_rule (key, id, pkey, patient, version, status, actors, compiled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (key) DO UPDATE
SET version = excluded.version, status = excluded.status, actors = excluded.actors, compiled = excluded.compiled
"""
_REMOVE: Final = "DELETE FROM consent_rule WHERE key = $1"
_SELECT: Final = "SELECT id, patient, version, status, actors, compiled FROM consent_rule"
_OF_PKEYS: Final = f"{_SELECT} WHERE pkey = ANY($1::uuid[]) ORDER BY id"
_NAMING: Final = "SELECT DISTINCT pkey FROM consent_rule WHERE actors && $1::text[]"
_OF_ANOTHER_FORM: Final = f"{_SELECT} WHERE substr(compiled, 1, length($1::bytea)) <> $1 ORDER BY id"
_EPOCH: Final = "SELECT coalesce(max(number), 0) FROM epoch"
_HOLD: Final = "SELECT number FROM epoch FOR SHARE"
_ALONE: Final = "SELECT pg_advisory_xact_lock($1)"
_RAISE: Final = """
INSERT INTO epoch ("only", number) VALUES (1, 1)
ON CONFLICT ("only") DO UPDATE SET number = epoch.number + 1 RETURNING number
"""


async def put(tx: Tx, rule: ConsentRule) -> None:
    """Let `rule` stand for its Consent from now on. The caller raises the epoch."""
    key = reference_key("Consent", rule.id)
    values = (rule.id, rule.pkey, rule.patient, rule.version, rule.status, list(rule.actors), rule.compiled)
    await tx.execute(_PUT, key, *values)


async def remove(tx: Tx, consent_id: str) -> None:
    """Forget a Consent. The caller raises the epoch."""
    await tx.execute(_REMOVE, reference_key("Consent", consent_id))


async def of_pkeys(tx: Tx, pkeys: Sequence[UUID]) -> list[ConsentRule]:
    """The consents of these source patients, whatever their status, by id."""
    return [_rule(row) for row in await tx.fetch(_OF_PKEYS, list(pkeys))]


async def naming(tx: Tx, references: Sequence[str]) -> set[UUID]:
    """Keys of the source patients of whom a consent names one of `references` as an actor."""
    return {row[0] for row in await tx.fetch(_NAMING, list(references))}


async def of_another_form(tx: Tx, form: bytes) -> list[ConsentRule]:
    """The consents whose compiled bytes do not begin with `form`: those compiled under another configuration."""
    return [_rule(row) for row in await tx.fetch(_OF_ANOTHER_FORM, form)]


async def current_epoch(tx: Tx) -> int:
    """How often consents, proxies and approvals have changed, as `tx` sees it."""
    number: int = await tx.fetchval(_EPOCH)
    return number


async def hold_epoch(tx: Tx) -> None:
    """Keep consents, proxies and approvals as they are until `tx` ends: who changes one waits for it."""
    await tx.execute(_HOLD)


async def raise_epoch(tx: Tx) -> int:
    """Count one change, in every transaction that makes one; other such transactions wait until it ends, and so do
    those in which sources meet.
    """
    await tx.execute(_ALONE, RIGHTS_LOCK)
    number: int = await tx.fetchval(_RAISE)
    return number


def _rule(row: Any) -> ConsentRule:
    consent_id, patient, version, status, actors, packed = row
    return ConsentRule(
        id=consent_id, patient=patient, version=version, status=status, actors=tuple(actors), compiled=packed
    )
