"""Registered applications: who they are, where answers go, and the ceiling of all they may be granted.

Role, organisation and purpose of what an application does come from here and from its user's account, never from a
request. Only an administrator registers (`yilian client`); there is no registration over the network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Final

import asyncpg

from hub.auth.accounts import APP_ROLES
from hub.auth.directory import Directory
from hub.auth.fetching import checked as fetchable
from hub.auth.oauth.redirects import check_origin, check_redirect
from hub.auth.oauth.scope_grants import registrable
from hub.auth.public_keys import check_keys
from hub.auth.roles import allowed_purposes, role_named
from hub.auth.sessions import CLIENT as PAGES
from hub.auth.tokens import LOCAL_CLIENT
from hub.db.database import Database, Tx
from hub.fhir.json import dumps, loads
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

PUBLIC: Final = "public"  #: runs where it can keep no secret: a browser page, a telephone
CONFIDENTIAL: Final = "confidential"  #: has a server, which proves who it is by its private key
BACKEND: Final = "backend"  #: acts without a user (SMART Backend Services)
RESOURCE: Final = "resource"  #: a server that asks about tokens (RFC 7662), and gets none
KINDS: Final = (PUBLIC, CONFIDENTIAL, BACKEND, RESOURCE)
WITH_USER: Final = frozenset({PUBLIC, CONFIDENTIAL})

_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
#: Names that stand in the trail for the hub's own clients.
_OURS: Final = frozenset({PAGES, LOCAL_CLIENT})
#: An emergency has a reason, which no application can give beforehand.
_EMERGENCIES: Final = frozenset({"ETREAT", "BTG"})
_ACCESS: Final = range(60, 3601)
_REFRESH: Final = range(300, 90 * 86_400 + 1)

_COLUMNS: Final = (
    "id, name, kind, redirect_uris, launch_uri, scopes, organization, roles, purposes, jwks, jwks_uri, origins,"
    " access_seconds, refresh_seconds, disabled"
)
_INSERT: Final = f"""
INSERT INTO oauth_client ({_COLUMNS}, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
  $16)
"""
_END_GRANTS: Final = "UPDATE oauth_grant SET ended = $2, why = $3 WHERE client = $1 AND ended IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One application. `organization` is a facility code, "" for users of any; `jwks` {"keys": []} of a public one and
    of one that publishes its keys at `jwks_uri`. `origins` are those of its pages whose scripts may ask the hub (CORS).

    `roles` are those of the users it may act for, or the one role of a backend; `purposes` those of its tokens, empty
    for the default of the role. `refresh_seconds` is how long a grant lives however often it is refreshed.
    """

    id: str
    name: str
    kind: str
    redirect_uris: tuple[str, ...] = ()
    launch_uri: str = ""
    scopes: tuple[str, ...] = ()
    organization: str = ""
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    jwks: Json = field(default_factory=lambda: {"keys": []})
    jwks_uri: str = ""
    origins: tuple[str, ...] = ()
    access_seconds: int = 300
    refresh_seconds: int = 86_400
    disabled: bool = False


class Clients:
    """The applications of one installation. Every method raises HubError UNAVAILABLE when the database is away."""

    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database: Final = database
        self._directory: Final = directory
        self._clock: Final = clock

    async def add(self, client: Client) -> Client:
        """Register; the client as it stands. Raises HubError INVALID for what cannot be, CONFLICT for a taken id."""
        kept = checked(client, self._directory)
        try:
            async with self._database.connection() as tx:
                await tx.execute(_INSERT, *_row(kept), self._clock())
        except asyncpg.UniqueViolationError:
            todo = "choose another, or `yilian client rotate`"
            raise HubError(Category.CONFLICT, "a client has this id", where="id", todo=todo, code="client") from None
        return kept

    async def all(self) -> list[Client]:
        """Every client, by id."""
        async with self._database.connection() as tx:
            return [client_of(row) for row in await tx.fetch(f"SELECT {_COLUMNS} FROM oauth_client ORDER BY id")]

    async def named(self, client_id: str) -> Client:
        """One client. Raises HubError NOT_FOUND."""
        async with self._database.connection() as tx:
            found = await find(tx, client_id)
        if found is None:
            raise _unknown()
        return found

    async def set_disabled(self, client_id: str, disabled: bool) -> None:
        """Let an application do nothing any more, or again; what it was granted ends. Raises HubError NOT_FOUND."""
        async with self._database.transaction() as tx:
            sql = "UPDATE oauth_client SET disabled = $2 WHERE id = $1"
            _must_be_one(await tx.execute(sql, client_id, disabled))
            await tx.execute(_END_GRANTS, client_id, self._clock(), "client-disabled")

    async def set_keys(self, client_id: str, jwks: Json) -> None:
        """Give an application other keys; for an overlap the set holds both. Raises HubError INVALID, NOT_FOUND."""
        await self._set_keys(client_id, check_keys(jwks), "")

    async def set_keys_uri(self, client_id: str, uri: str) -> None:
        """Take an application's keys from where it publishes them. Raises HubError INVALID, NOT_FOUND."""
        fetchable(uri, where="jwks-uri")
        await self._set_keys(client_id, {"keys": []}, uri)

    async def _set_keys(self, client_id: str, jwks: Json, uri: str) -> None:
        if (await self.named(client_id)).kind == PUBLIC:
            raise _invalid("client", "a public client has no keys", "register a confidential one")
        async with self._database.connection() as tx:
            sql = "UPDATE oauth_client SET jwks = $2, jwks_uri = $3 WHERE id = $1"
            _must_be_one(await tx.execute(sql, client_id, dumps(jwks).decode(), uri))

    async def origins(self) -> frozenset[str]:
        """The origins of all pages whose scripts may ask the hub."""
        sql = "SELECT DISTINCT unnest(origins) AS origin FROM oauth_client WHERE NOT disabled"
        async with self._database.connection() as tx:
            return frozenset(row["origin"] for row in await tx.fetch(sql))


def is_id(text: str) -> bool:
    """Whether some client could have this id; what could not is never asked of the database."""
    return _ID.fullmatch(text) is not None


async def find(tx: Tx, client_id: str) -> Client | None:
    """The client of this id, disabled ones too; None if there is none."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM oauth_client WHERE id = $1", client_id)
    return None if row is None else client_of(row)


def checked(client: Client, directory: Directory) -> Client:
    """The client as it may be registered, its scopes in one form. Raises HubError INVALID saying what is wrong."""
    if not is_id(client.id) or client.id in _OURS:
        raise _invalid("id", "is no id of a client", "small letters, digits, dot, dash; at most 64")
    if client.kind not in KINDS:
        raise _invalid("kind", "is no kind of client", f"one of {', '.join(KINDS)}")
    if not client.name.strip():
        raise _invalid("name", "is missing", "the name users are shown")
    if client.organization or client.kind == BACKEND:
        directory.facility(client.organization)
    _check_addresses(client)
    _check_rights(client)
    _check_times(client)
    keys = _checked_keys(client)
    contexts = ("patient", "user") if client.kind in WITH_USER else ("system",)
    scopes = registrable(client.scopes, contexts)
    if bool(scopes) == (client.kind == RESOURCE):
        raise _invalid("scope", "a server that asks about tokens has none, all others have some", "")
    return replace(client, scopes=scopes, jwks=keys)


def _check_addresses(client: Client) -> None:
    if (client.kind in WITH_USER) != bool(client.redirect_uris):
        raise _invalid("redirect-uri", "is for those with a user, and needed there", "name where answers go")
    for uri in client.redirect_uris:
        check_redirect(uri)
    if client.launch_uri:
        check_redirect(client.launch_uri, where="launch-uri")
    if client.origins and client.kind not in WITH_USER:
        raise _invalid("origin", "is for applications in a browser", "leave it out")
    for origin in client.origins:
        check_origin(origin)


def _checked_keys(client: Client) -> Json:
    """The keys to keep: none of a public client, nor of one that publishes them."""
    if client.kind == PUBLIC:
        if client.jwks_uri:
            raise _invalid("jwks-uri", "a public client has no keys", "register a confidential one")
        return {"keys": []}
    if not client.jwks_uri:
        return check_keys(client.jwks)
    if client.jwks["keys"]:
        raise _invalid("jwks-uri", "stands beside registered keys", "give one of the two")
    fetchable(client.jwks_uri, where="jwks-uri")
    return {"keys": []}


def _check_rights(client: Client) -> None:
    allowed = APP_ROLES if client.kind in WITH_USER else None
    single = client.kind == BACKEND and len(client.roles) != 1
    if single or bool(client.roles) == (client.kind == RESOURCE):
        raise _invalid("role", "one of a backend, those of its users for others, none to ask about tokens", "")
    for name in client.roles:
        role = role_named(name)
        if (allowed is not None and name not in allowed) or (allowed is None and role.personal):
            raise _invalid("role", f"{name} is no role of such a client", f"of users: {', '.join(APP_ROLES)}")
        allowed_purposes(role, client.purposes)
    if not _EMERGENCIES.isdisjoint(client.purposes):
        raise _invalid("purpose", "an emergency needs a reason each time", "TREAT, COC or CAREMGT")


def _check_times(client: Client) -> None:
    if client.access_seconds not in _ACCESS or client.refresh_seconds not in _REFRESH:
        todo = f"access {_ACCESS[0]} to {_ACCESS[-1]}, refresh {_REFRESH[0]} to {_REFRESH[-1]} seconds"
        raise _invalid("lifetime", "is too short or too long", todo)


def _row(client: Client) -> tuple[Any, ...]:
    return (
        client.id, client.name.strip(), client.kind, list(client.redirect_uris), client.launch_uri,
        list(client.scopes), client.organization, list(client.roles), list(client.purposes),
        dumps(client.jwks).decode(), client.jwks_uri, list(client.origins), client.access_seconds,
        client.refresh_seconds, client.disabled,
    )  # fmt: skip


def client_of(row: asyncpg.Record) -> Client:
    """A row of the table."""
    values: dict[str, Any] = {name: row[name] for name in Client.__dataclass_fields__}
    for name in ("redirect_uris", "scopes", "roles", "purposes", "origins"):
        values[name] = tuple(values[name])
    return Client(**{**values, "jwks": loads(values["jwks"])})


def _invalid(where: str, what: str, todo: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo=todo, code="client")


def _unknown() -> HubError:
    return HubError(Category.NOT_FOUND, "no such client", where="id", todo="see `yilian client list`")


def _must_be_one(status: str) -> None:
    if status != "UPDATE 1":
        raise _unknown()
