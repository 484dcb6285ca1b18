"""The keys of applications that publish them (`jwks_uri`, RFC 7591 section 2), fetched before a request is judged.

Nothing is fetched while a transaction holds a connection, and nothing for a request that names no registered address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from joserfc.jwk import KeySet

from hub.auth.fetching import Fetcher
from hub.auth.oauth import clients
from hub.auth.oauth.assertion import named_key
from hub.auth.oauth.ledger import claimed_client
from hub.auth.remote_keys import RemoteKeys
from hub.db.database import Database
from hub.kernel.clock import Clock


class PublishedKeys:
    """What registered applications publish. Belongs to one event loop."""

    def __init__(self, database: Database, fetcher: Fetcher, clock: Clock) -> None:
        self._database: Final = database
        self._fetcher: Final = fetcher
        self._clock: Final = clock
        #: By application: the address, and what is known of it.
        self._known: Final[dict[str, tuple[str, RemoteKeys]]] = {}

    async def keys_for(self, form: Mapping[str, str]) -> tuple[str, KeySet] | None:
        """Address and keys of the application whose assertion a form carries; None where it publishes none.

        Raises HubError UNAVAILABLE when they cannot be had.
        """
        assertion = form.get("client_assertion", "")
        client_id, kid = (claimed_client(form), named_key(assertion)) if assertion else ("", "")
        if not client_id or not kid:
            return None
        async with self._database.connection() as tx:
            client = await clients.find(tx, client_id)
        if client is None or client.disabled or not client.jwks_uri:
            return None
        url, keys = self._known.get(client_id, ("", None))
        if keys is None or url != client.jwks_uri:
            keys = RemoteKeys(self._fetcher, self._clock)
            self._known[client_id] = client.jwks_uri, keys
        return client.jwks_uri, await keys.with_key(client.jwks_uri, kid)
