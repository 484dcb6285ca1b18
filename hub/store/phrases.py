"""The dictionary of texts behind `:text`: few distinct ones, whatever the number of resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from hub.db.database import Tx

#: Adds what is new, and names those of the given tokens that an earlier, finished transaction stored.
_ADD: Final = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[]) AS g (token, param, folded)
), added AS (
    INSERT INTO phrase (token, param, folded) SELECT token, param, folded FROM given ORDER BY token
    ON CONFLICT DO NOTHING
)
SELECT p.token FROM phrase p JOIN given USING (token) WHERE p.xid <> pg_current_xact_id()
"""

_REMEMBERED: Final = 200_000


class Phrases:
    """Writes phrases, and remembers which are known to be stored for good, so that those cost nothing."""

    def __init__(self) -> None:
        self._stored: set[UUID] = set()

    async def add(self, tx: Tx, phrases: Mapping[UUID, tuple[int, str]]) -> None:
        """Store the phrases that are not there yet: at most one round trip."""
        new = sorted(phrases.keys() - self._stored)
        if not new:
            return
        params = [phrases[token][0] for token in new]
        texts = [phrases[token][1] for token in new]
        stored = await tx.fetch(_ADD, new, params, texts)
        if len(self._stored) + len(stored) > _REMEMBERED:
            self._stored.clear()
        self._stored.update(row[0] for row in stored)
