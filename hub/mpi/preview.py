"""What a decision would move, found by taking it and undoing it at once: no second reading of the rules to drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.mpi.deeds import Deed, do
from hub.mpi.stewardship import Steward

_MOVES: Final = """
SELECT member.patient, move.origin, move.target FROM mpi_move AS move JOIN member USING (pkey)
WHERE move.decision = $1 ORDER BY member.patient
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """`moves`: source Patient id, the person it leaves, the person it goes to."""

    moves: tuple[tuple[str, str, str], ...]

    @property
    def persons(self) -> tuple[str, ...]:
        """The persons that would change."""
        return tuple(sorted({person for _, *both in self.moves for person in both}))


class _TakenBackError(Exception):
    """Ends the inner transaction."""


async def effect(tx: Tx, steward: Steward, deed: Deed) -> Effect:
    """What a deed would move. Changes nothing; holds the persons till `tx` ends. Raises what doing it would raise."""
    moves: tuple[tuple[str, str, str], ...] = ()
    try:
        async with tx.transaction():
            decided = await do(tx, steward, deed, who="")
            moves = tuple(
                (row["patient"], row["origin"], row["target"]) for row in await tx.fetch(_MOVES, decided.number)
            )
            raise _TakenBackError
    except _TakenBackError:
        return Effect(moves=moves)
