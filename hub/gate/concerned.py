"""Who is concerned in a search over all patients: source patients with consents, related to the requester or whose
consents name it.

Asking costs a statement, and the answer is mostly that of the last time. So a search is made for those who were
concerned then, and its own statement tells whether these are concerned now, and under which epoch of the consents. A
guess decides how often is asked, never who sees what: where it was wrong, nothing of the search is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from hub.db.database import Tx
from hub.gate.cases import Cases
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Beside, Bind
from hub.store.values import Found

Keys = tuple[UUID, ...]

_PANEL: Final = """FROM relation x LEFT JOIN member m ON m.pkey = x.pkey LEFT JOIN member o ON o.person = m.person
    JOIN consent_rule c ON c.pkey = coalesce(o.pkey, x.pkey)
    WHERE x.kind = {0} AND x.party = ANY({1}) AND x.low <= {2} AND x.high >= {2}"""
_NAMING: Final = "FROM consent_rule c WHERE c.actors && {3}"
#: {0} the kind of relation, {1} the parties, {2} the instant, {3} the requester's names; {4}: how many at most.
_KEYS: Final = f"ARRAY(SELECT c.pkey {_PANEL} UNION SELECT c.pkey {_NAMING} ORDER BY 1 LIMIT {{4}})"
_EPOCH: Final = "coalesce((SELECT number FROM epoch), 0)"
_ASKED: Final = f"SELECT {_EPOCH}, {_KEYS.format('$1', '$2::text[]', '$3', '$4::text[]', '$5')}"
#: The epoch, if those concerned are {5}.
_GUESSED: Final = f"(SELECT CASE WHEN {_KEYS} = {{5}} THEN {_EPOCH} END)"
#: The epoch, if nobody is concerned: what is mostly asked, and takes the least.
_NOBODY: Final = f"(SELECT CASE WHEN NOT EXISTS (SELECT {_NAMING}) AND NOT EXISTS (SELECT {_PANEL}) THEN {_EPOCH} END)"
_TYPES: Final = ("text", "text[]", "timestamptz", "text[]", "bigint", "uuid[]")

#: Requesters of whom the last answer is kept.
_MOST: Final = 1024


class Concerned:
    """Knows who was concerned the last time, for each requester."""

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit
        self._known: Final[dict[tuple[Any, ...], Keys]] = {}

    async def ask(self, tx: Tx, cases: Cases) -> Keys:
        """Who is concerned, in order of key; the cases are of this epoch then.

        Nobody where a search is about one person alone. Raises HubError TOO_LARGE (code `too-costly`) when they are
        more than may be looked up.
        """
        if cases.confined is not None or cases.actor.break_glass is not None:
            return ()
        epoch, found = (await tx.fetch(_ASKED, *self._values(cases)))[0]
        cases.stand_under(epoch)
        if len(found) > self._limit:
            raise _too_costly()
        keys = tuple(found)
        while len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[_requester(cases)] = keys
        return keys

    def guess(self, cases: Cases) -> Keys:
        """Who was concerned the last time."""
        return self._known.get(_requester(cases), ())

    def beside(self, cases: Cases, guess: Keys) -> Beside:
        """What a search asks along, to know whether the guess is right."""
        if not guess:
            return Beside(_NOBODY, _bound(self._values(cases)[:4]))
        return Beside(_GUESSED, _bound((*self._values(cases), list(guess))))

    async def holds(self, tx: Tx, cases: Cases, guess: Keys, found: Found) -> bool:
        """Whether the guess behind what was found is right; the cases are of that epoch then."""
        if not found.matches:
            return await self.ask(tx, cases) == guess  # no row could tell
        if found.beside is None:
            return False
        cases.stand_under(found.beside)
        return True

    def _values(self, cases: Cases) -> tuple[Any, ...]:
        ties, names = cases.ties, sorted(cases.nobody.request.requester.identities)
        return ties.kind, list(ties.parties), ties.at, names, self._limit + 1


def _bound(values: Sequence[Any]) -> tuple[Bind, ...]:
    return tuple([Bind(value, kind) for value, kind in zip(values, _TYPES, strict=False)])


def _requester(cases: Cases) -> tuple[Any, ...]:
    ties = cases.ties
    return ties.kind, ties.parties, cases.nobody.request.requester.identities


def _too_costly() -> HubError:
    return HubError(
        Category.TOO_LARGE,
        "the consents of too many patients would have to be looked at",
        where="search",
        todo="narrow by patient",
        code="too-costly",
    )
