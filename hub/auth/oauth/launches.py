"""Applications opened from a record (SMART App Launch 2.2, EHR launch): what a launch token stands for.

A token names the patient whose record the user was looking at. It is worth nothing by itself: only the user who opened
the application, signed in, can answer the request that brings it back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from hub.auth.accounts import Account
from hub.auth.oauth.clients import Client, client_of
from hub.auth.oauth.grants import digest
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError

#: An application opens at once; its user may have to sign in again.
LIFE: Final = timedelta(minutes=5)

_FOR: Final = "SELECT * FROM oauth_client WHERE launch_uri <> '' AND NOT disabled AND $1 = ANY(roles) ORDER BY name, id"
_INSERT: Final = "INSERT INTO oauth_launch (launch, client, account, patient, expires) VALUES ($1, $2, $3, $4, $5)"
_FIND: Final = """
SELECT patient FROM oauth_launch WHERE launch = $1 AND client = $2 AND account = $3 AND expires > $4 AND used IS NULL
"""
_USE: Final = "UPDATE oauth_launch SET used = $2 WHERE launch = $1 AND used IS NULL"


class Launches:
    """Opens applications. `fhir` is the base of the FHIR API. Raises HubError UNAVAILABLE when the database is away."""

    def __init__(self, database: Database, secret: Callable[[], str], clock: Clock, *, fhir: str) -> None:
        self._database: Final = database
        self._secret: Final = secret
        self._clock: Final = clock
        self._fhir: Final = fhir

    async def offered(self, account: Account) -> list[Client]:
        """The applications that a user of this role can open from a record."""
        async with self._database.connection() as tx:
            return [client_of(row) for row in await tx.fetch(_FOR, account.role)]

    async def open(self, account: Account, client_id: str, patient: str) -> tuple[Client, str]:
        """The application and where to send the browser, for a patient whom the caller has seen the user may see.

        Raises HubError NOT_FOUND for an application that is not offered.
        """
        client = next((one for one in await self.offered(account) if one.id == client_id), None)
        if client is None:
            raise HubError(Category.NOT_FOUND, "no such application", where="client")
        launch, now = self._secret(), self._clock()
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM oauth_launch WHERE expires <= $1", now)
            await tx.execute(_INSERT, digest(launch), client.id, account.name, patient, now + LIFE)
        joint = "&" if "?" in client.launch_uri else "?"
        return client, f"{client.launch_uri}{joint}{urlencode({'iss': self._fhir, 'launch': launch})}"

    async def patient(self, launch: str, client: Client, account: Account) -> str | None:
        """The patient of a launch by this user of this application; None for any other, used or run out."""
        async with self._database.connection() as tx:
            found: str | None = await tx.fetchval(_FIND, digest(launch), client.id, account.name, self._clock())
        return found


async def use(tx: Tx, launch: str, clock: Clock) -> bool:
    """Use a launch up; False if it was."""
    return await tx.execute(_USE, digest(launch), clock()) == "UPDATE 1"
