"""The installation's own search parameters: who may define them, what is refused, and the trail of it.

A SearchParameter is no record of anybody: it stands in a table of its own, with its last version alone. A draft is
kept, an active one takes part (hub.store.reindexing), a retired one is not answered any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from asyncpg import Record

from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.roles import ADMINISTRATOR
from hub.auth.scopes import Letter, allows
from hub.db.database import Database, Tx
from hub.fhir.definitions import read_definition
from hub.fhir.json import dumps, loads
from hub.fhir.search_parameters import SearchParameter
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Issue, Json
from hub.kernel.versions import fits
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.refusal import NonconformantError
from hub.store import definitions
from hub.store.batch import instant

TYPE: Final = "SearchParameter"
_GROUNDS: Final = "conformance"
#: SearchParameters an installation may have, and bytes of one.
MOST: Final = 200
_LARGEST: Final = 64 * 1024

_ONE: Final = "SELECT id, version, updated, body FROM search_parameter WHERE id = $1"
_ALL: Final = "SELECT id, version, updated, body FROM search_parameter ORDER BY id"
_PUT: Final = """
INSERT INTO search_parameter (id, version, updated, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, updated = excluded.updated, body = excluded.body
"""
_REMOVE: Final = "DELETE FROM search_parameter WHERE id = $1"
_COUNT: Final = "SELECT count(*) FROM search_parameter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A SearchParameter as it stands."""

    id: str
    version: int
    updated: datetime
    resource: Json


class Definitions:
    """Reads and changes definitions, each time with its audit entry. `validate` judges a resource by R4."""

    def __init__(
        self,
        database: Database,
        trail: Trail,
        clock: Clock,
        validate: Callable[[Json], Sequence[Issue]],
        *,
        new_id: Callable[[], str] = random_id,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._validate: Final = validate
        self._new_id: Final = new_id

    async def create(self, actor: Actor, resource: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Definition:
        """Define something new. Raises HubError FORBIDDEN, INVALID, CONFLICT (code defined already), TOO_LARGE."""
        rid = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Definition, Done]:
            _admit(actor, "c")
            await definitions.lock(tx)
            wanted = await self._judged(tx, resource)
            if await tx.fetchval(_COUNT) >= MOST:
                raise HubError(Category.TOO_LARGE, f"there are {MOST} already", where=TYPE, todo="delete some")
            return await _put(tx, rid, 1, now, resource, wanted)

        return await self._ledger.look(asked_of(actor, origin, Interaction.CREATE, TYPE, rid), work)

    async def update(
        self,
        actor: Actor,
        rid: str,
        resource: Json,
        *,
        expected: int | None = None,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> Definition:
        """Define otherwise, activate or retire. What stays the same stays indexed."""

        async def work(tx: Tx, now: datetime) -> tuple[Definition, Done]:
            _admit(actor, "u")
            standing = await _standing(tx, rid, expected)
            wanted = await self._judged(tx, resource)
            return await _put(tx, rid, standing.version + 1, now, resource, wanted)

        return await self._ledger.look(asked_of(actor, origin, Interaction.UPDATE, TYPE, rid), work)

    async def delete(
        self, actor: Actor, rid: str, *, expected: int | None = None, origin: Origin = UNKNOWN_ORIGIN
    ) -> None:
        """Forget it; it is not answered any more."""

        async def work(tx: Tx, _: datetime) -> tuple[None, Done]:
            _admit(actor, "d")
            await _standing(tx, rid, expected)
            await definitions.put(tx, rid, ())
            await tx.execute(_REMOVE, rid)
            return None, Done(grounds=_GROUNDS)

        await self._ledger.look(asked_of(actor, origin, Interaction.DELETE, TYPE, rid), work)

    async def read(self, actor: Actor, rid: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Definition:
        """As it stands, for everybody who may read its type. Raises HubError NOT_FOUND."""

        async def work(tx: Tx, _: datetime) -> tuple[Definition, Done]:
            _covered(actor, "r")
            found = await _one(tx, rid)
            return found, Done(grounds=_GROUNDS, version=found.version)

        return await self._ledger.look(asked_of(actor, origin, Interaction.READ, TYPE, rid), work)

    async def listed(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Definition]:
        """All of them, by id, for everybody who may search their type."""

        async def work(tx: Tx, _: datetime) -> tuple[list[Definition], Done]:
            _covered(actor, "s")
            found = [_definition(row) for row in await tx.fetch(_ALL)]
            return found, Done(grounds=_GROUNDS, count=len(found))

        return await self._ledger.look(asked_of(actor, origin, Interaction.SEARCH_TYPE, TYPE), work)

    async def _judged(self, tx: Tx, resource: Json) -> Sequence[SearchParameter]:
        """What it defines. Raises HubError for what cannot be defined, drafts included."""
        if len(dumps(resource)) > _LARGEST:
            raise HubError(Category.TOO_LARGE, f"is over {_LARGEST} bytes", where=TYPE)
        errors = [issue for issue in self._validate(resource) if issue.severity in ("fatal", "error")]
        if errors:
            raise NonconformantError(errors)
        return read_definition(resource, await definitions.kinds(tx))


def _admit(actor: Actor, letter: Letter) -> None:
    if actor.role != ADMINISTRATOR:
        raise HubError(
            Category.FORBIDDEN,
            "search parameters are defined by the administrator only",
            where=TYPE,
            todo=f"use a token of role {ADMINISTRATOR}",
            code="role",
        )
    _covered(actor, letter)


def _covered(actor: Actor, letter: Letter) -> None:
    if not allows(actor.scopes, TYPE, letter):
        raise HubError(Category.FORBIDDEN, "no scope of the token allows it", where=TYPE, code="scope")


async def _standing(tx: Tx, rid: str, expected: int | None) -> Definition:
    """One that is to be changed, after waiting for whoever changes any."""
    await definitions.lock(tx)
    found = await _one(tx, rid)
    if not fits(expected, found.version):
        raise HubError(
            Category.PRECONDITION,
            "is not at the version If-Match names",
            where=TYPE,
            todo="read it again",
            code="precondition",
        )
    return found


async def _one(tx: Tx, rid: str) -> Definition:
    row = await tx.fetchrow(_ONE, rid)
    if row is None:
        raise HubError(Category.NOT_FOUND, "no such resource", where="URL")
    return _definition(row)


async def _put(
    tx: Tx, rid: str, version: int, now: datetime, resource: Json, wanted: Sequence[SearchParameter]
) -> tuple[Definition, Done]:
    await _take_part(tx, rid, wanted if resource.get("status") == "active" else ())
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": instant(now)}
    made = resource | {"id": rid, "meta": meta}
    await tx.execute(_PUT, rid, version, now, dumps(made))
    definition = Definition(id=rid, version=version, updated=now, resource=made)
    return definition, Done(grounds=_GROUNDS, id=rid, version=version)


async def _take_part(tx: Tx, rid: str, wanted: Sequence[SearchParameter]) -> None:
    """Let a SearchParameter define this, nothing if it is not active, unless another defines the same."""
    if wanted:
        held = await definitions.taken(tx, rid, wanted[0].code, [one.base for one in wanted])
        if held is not None:
            raise HubError(
                Category.CONFLICT,
                f"is defined for {held} by another SearchParameter",
                where=f"{TYPE}.code",
                todo="retire that one, or choose another code",
                code="search-parameter",
            )
    await definitions.put(tx, rid, wanted)


def _definition(row: Record) -> Definition:
    return Definition(id=row["id"], version=row["version"], updated=row["updated"], resource=loads(row["body"]))
