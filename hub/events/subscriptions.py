"""The door for Subscriptions: their owners make, read, change and end them. To others they are not there.

https://hl7.org/fhir/R4/subscription.html with the profile backport-subscription 1.1.0. A Subscription is no record of
care: it is kept beside them, in its newest version only, and says with which rights its owner is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.auth.actor import Actor
from hub.auth.scopes import Letter, allows
from hub.db.database import Database, Tx
from hub.events import kept
from hub.events.headers import Seal
from hub.events.kept import Kept
from hub.events.notification import instant
from hub.events.owners import owner_of, pack, refuse_passing
from hub.events.receivers import Receivers
from hub.events.wanted import REST_HOOK, WEBSOCKET, Wanted, read_wanted
from hub.fhir.json import dumps
from hub.gate.notices import Notices
from hub.gate.origin import UNKNOWN_ORIGIN, Origin
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Issue, Json
from hub.kernel.versions import fits
from hub.records.refusal import NonconformantError
from hub.records.subscribing import Subscribing

Validate = Callable[[Json], Sequence[Issue]]

#: Subscriptions of one owner.
MOST: Final = 100
_LARGEST: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A Subscription as its owner may read it."""

    id: str
    version: int
    updated: datetime
    resource: Json


class Subscriptions:
    """Raises HubError FORBIDDEN (role, scope, receiver), INVALID, UNSUPPORTED, NOT_FOUND, PRECONDITION, UNAVAILABLE."""

    def __init__(
        self,
        database: Database,
        notices: Notices,
        subscribing: Subscribing,
        receivers: Receivers,
        seal: Seal,
        validate: Validate,
        *,
        canonical_base: str,
        base_url: str,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._database: Final = database
        self._notices: Final = notices
        self._subscribing: Final = subscribing
        self._receivers: Final = receivers
        self._seal: Final = seal
        self._validate: Final = validate
        self._canonical_base: Final = canonical_base
        self._base_url: Final = base_url
        self._new_id: Final = new_id

    async def create(self, actor: Actor, resource: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Stated:
        """Ask to be told. A rest-hook is `requested` until its receiver took a handshake, a websocket is active."""
        sid = self._new_id()

        async def work(tx: Tx, now: datetime) -> Stated:
            wanted = self._wanted(actor, resource, "c")
            owner = owner_of(actor)
            if await kept.count_of(tx, owner) >= MOST:
                raise HubError(
                    Category.TOO_LARGE,
                    f"has {MOST} subscriptions already",
                    where="owner",
                    todo="delete some",
                    code="too-many-subscriptions",
                )
            sealed = self._seal.close(sid, wanted.headers or ())
            await kept.insert(tx, _kept(sid, actor, resource, wanted, now, sealed))
            return await self._set_off(tx, sid, wanted, now)

        return await self._subscribing.act(actor, origin, "create", sid, work)

    async def update(
        self,
        actor: Actor,
        sid: str,
        resource: Json,
        *,
        expected: int | None = None,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> Stated:
        """Ask for something else, to be told again after an error, or for no more (`off`). Numbers go on.

        Without `header` those that were stated stay, unless the endpoint is another.
        """

        async def work(tx: Tx, now: datetime) -> Stated:
            wanted = self._wanted(actor, resource, "u")
            found = await self._held(tx, actor, sid)
            _expect(found, expected)
            sealed = self._headers(found, wanted)
            await kept.replace(tx, _kept(sid, actor, resource, wanted, now, sealed))
            return await self._set_off(tx, sid, wanted, now)

        return await self._subscribing.act(actor, origin, "update", sid, work)

    async def delete(
        self, actor: Actor, sid: str, *, expected: int | None = None, origin: Origin = UNKNOWN_ORIGIN
    ) -> None:
        """End it, and forget its events."""

        async def work(tx: Tx, _: datetime) -> None:
            self._admit(actor, "d")
            _expect(await self._held(tx, actor, sid), expected)
            await kept.remove(tx, sid)

        await self._subscribing.act(actor, origin, "delete", sid, work)

    async def read(self, actor: Actor, sid: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Stated:
        """As it stands, without `channel.header`."""

        async def work(tx: Tx, _: datetime) -> Stated:
            self._admit(actor, "r")
            return stated(await self._own(tx, actor, sid))

        return await self._subscribing.act(actor, origin, "read", sid, work)

    async def listed(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Stated]:
        """All of the owner, by id."""

        async def work(tx: Tx, _: datetime) -> list[Stated]:
            self._admit(actor, "s")
            return [stated(found) for found in await kept.of_owner(tx, owner_of(actor))]

        return await self._subscribing.act(actor, origin, "search-type", None, work)

    async def own(self, actor: Actor, sid: str) -> Kept:
        """One of the actor's own, for the operations."""
        self._admit(actor, "r")
        async with self._database.connection() as tx:
            return await self._own(tx, actor, sid)

    async def all_own(self, actor: Actor) -> list[Kept]:
        """All of the actor's own, for the operations."""
        self._admit(actor, "r")
        async with self._database.connection() as tx:
            return await kept.of_owner(tx, owner_of(actor))

    def wanted(self, found: Kept) -> Wanted:
        """What a kept subscription asks for."""
        return read_wanted(found.resource, canonical_base=self._canonical_base, base_url=self._base_url)

    def _admit(self, actor: Actor, letter: Letter) -> None:
        if not allows(actor.scopes, "Subscription", letter):
            raise HubError(Category.FORBIDDEN, "no scope of the token allows it", where="Subscription", code="scope")

    def _wanted(self, actor: Actor, resource: Json, letter: Letter) -> Wanted:
        """What is asked for, if the actor may ask for it."""
        self._admit(actor, letter)
        refuse_passing(actor)
        if len(dumps(resource)) > _LARGEST:
            raise HubError(Category.TOO_LARGE, f"is over {_LARGEST} bytes", where="Subscription")
        errors = [issue for issue in self._validate(resource) if issue.severity in ("fatal", "error")]
        if errors:
            raise NonconformantError(errors)
        wanted = read_wanted(resource, canonical_base=self._canonical_base, base_url=self._base_url)
        for rtype in wanted.filters or (wanted.topic.type or "*",):
            self._notices.admit(actor, rtype)
        if wanted.channel == REST_HOOK:
            self._receivers.target(wanted.endpoint, actor.organization)
        return wanted

    async def _own(self, tx: Tx, actor: Actor, sid: str, *, lock: bool = False) -> Kept:
        found = await kept.one(tx, sid, lock=lock)
        if found is None or found.owner != owner_of(actor):
            raise HubError(Category.NOT_FOUND, "no such resource", where="URL")
        return found

    async def _held(self, tx: Tx, actor: Actor, sid: str) -> Kept:
        """One of the actor's own that is to be changed; locks are taken in the order in which gathering takes them."""
        await self._own(tx, actor, sid)
        await kept.raise_generation(tx)
        return await self._own(tx, actor, sid, lock=True)

    def _headers(self, found: Kept, wanted: Wanted) -> bytes | None:
        """A secret goes to the receiver it was stated for and to no other."""
        if wanted.headers is not None:
            return self._seal.close(found.id, wanted.headers)
        same = found.resource.get("channel", {}).get("endpoint") == (wanted.endpoint or None)
        return found.headers if same else None

    async def _set_off(self, tx: Tx, sid: str, wanted: Wanted, now: datetime) -> Stated:
        if wanted.channel == WEBSOCKET and wanted.on:
            await kept.activate(tx, sid, now)
        found = await kept.one(tx, sid)
        if found is None:
            raise HubError(Category.FAULT, "is not there after it was written", where="subscription")
        return stated(found)


def stated(found: Kept) -> Stated:
    """What its owner reads."""
    resource = {
        **found.resource,
        "id": found.id,
        "meta": {
            **found.resource.get("meta", {}),
            "versionId": str(found.version),
            "lastUpdated": instant(found.updated),
        },
        "status": found.status,
        **({"error": found.error} if found.error else {}),
    }
    return Stated(id=found.id, version=found.version, updated=found.updated, resource=resource)


def _kept(sid: str, actor: Actor, resource: Json, wanted: Wanted, now: datetime, sealed: bytes | None) -> Kept:
    channel = {name: value for name, value in resource["channel"].items() if name not in {"header", "_header"}}
    meta = {name: value for name, value in resource.get("meta", {}).items() if name in {"profile", "tag"}}
    body = {**resource, "channel": channel, "meta": meta}
    for name in ("id", "error", *(() if meta else ("meta",))):
        body.pop(name, None)
    return Kept(
        id=sid,
        owner=owner_of(actor),
        actor=pack(actor),
        organization=actor.organization,
        version=1,
        updated=now,
        body=dumps(body).decode(),
        headers=sealed,
        topic=resource["criteria"],
        channel=wanted.channel,
        status=kept.REQUESTED if wanted.on else kept.OFF,
        error="",
        ends=wanted.ends,
        heartbeat=wanted.heartbeat,
        since=None,
        counter=0,
        tries=0,
        due=None,
        contact=None,
    )


def _expect(found: Kept, expected: int | None) -> None:
    if not fits(expected, found.version):
        raise HubError(
            Category.PRECONDITION,
            "is not at the version If-Match names",
            where="Subscription",
            todo="read it again",
            code="precondition",
        )
