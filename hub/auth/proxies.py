"""Who acts for a patient, as confirmed at the consent door (consent rules, section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.kernel.ids import reference_key
from hub.kernel.types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """One entry. `patient` is a source patient, `kind` parent, legal-guardian or delegate, `period` a FHIR Period.

    `evidence` says how it was proved (a file number); `recorded` is aware.
    """

    id: str
    patient: str
    reference: str
    kind: str
    status: str
    period: Json
    scope: tuple[str, ...]
    evidence: str
    recorded: datetime

    def entry(self) -> Json:
        """As the consent rules take it in `patient.proxies` (section 1)."""
        return {
            "reference": self.reference,
            "type": self.kind,
            "status": self.status,
            "period": self.period,
            "scope": list(self.scope),
        }


_PUT: Final = """
INSERT INTO proxy_entry (id, pkey, patient, reference, kind, status, period, scope, evidence, recorded)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE
SET status = excluded.status, period = excluded.period, scope = excluded.scope, evidence = excluded.evidence,
    recorded = excluded.recorded
"""
_SELECT: Final = "SELECT id, patient, reference, kind, status, period, scope, evidence, recorded FROM proxy_entry"
_OF_PKEYS: Final = f"{_SELECT} WHERE pkey = ANY($1::uuid[]) ORDER BY recorded, id"
_NAMED: Final = f"{_SELECT} WHERE id = $1 FOR UPDATE"


async def put(tx: Tx, proxy: Proxy) -> None:
    """Let the entry stand as it is here. The caller raises the epoch."""
    values = (proxy.patient, proxy.reference, proxy.kind, proxy.status, dumps(proxy.period).decode())
    key = reference_key("Patient", proxy.patient)
    await tx.execute(_PUT, proxy.id, key, *values, list(proxy.scope), proxy.evidence, proxy.recorded)


async def of_pkeys(tx: Tx, pkeys: Sequence[UUID]) -> list[Proxy]:
    """The entries of these source patients, ended ones too, in the order they were recorded."""
    return [_proxy(row) for row in await tx.fetch(_OF_PKEYS, list(pkeys))]


async def named(tx: Tx, proxy_id: str) -> Proxy | None:
    """One entry, held against others until `tx` ends; None if there is none of that id."""
    row = await tx.fetchrow(_NAMED, proxy_id)
    return None if row is None else _proxy(row)


def _proxy(row: Any) -> Proxy:
    proxy_id, patient, reference, kind, status, period, scope, evidence, recorded = row
    return Proxy(
        id=proxy_id,
        patient=patient,
        reference=reference,
        kind=kind,
        status=status,
        period=loads(period),
        scope=tuple(scope),
        evidence=evidence,
        recorded=recorded,
    )
