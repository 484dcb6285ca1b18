"""Searches that name patients, where none of these persons has consents.

What is known of a person costs a statement, and of most there is no consent. So a search that names some is made as
if there were none, in place of that look, and its own statement tells whether it is so, and under which epoch. A guess
decides how often is asked, never who sees what: where it was wrong, nothing of the search is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from consent.tables import CLINICAL_ROLES
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.gate.asking import is_confined
from hub.gate.cases import Case, Cases
from hub.gate.dossiers import Whom
from hub.store.criteria import Beside
from hub.store.values import Found

#: The epoch, if nobody named has consents.
_EPOCH: Final = """(SELECT CASE WHEN NOT EXISTS (
SELECT FROM consent_rule c WHERE c.pkey = ANY(ARRAY(SELECT pkey FROM {persons})))
THEN coalesce((SELECT number FROM epoch), 0) END)"""

#: What a search asks along, to know whether the guess is right.
BESIDE: Final = Beside(_EPOCH, ())

#: Namings of persons who had consents the last time, as many as are kept.
_MOST: Final = 4096


def may_be_guessed(actor: Actor) -> bool:
    """Whether what it may see of persons without consents hangs on relationships alone."""
    plain = actor.break_glass is None and actor.co_approval is None
    return plain and actor.role in CLINICAL_ROLES and not is_confined(actor)


class Unspoken:
    """Knows who had consents the last time."""

    def __init__(self) -> None:
        self._spoken: Final[dict[object, None]] = {}

    def guess(self, whom: Whom) -> bool:
        """Whether nobody named had consents, as far as is known."""
        return _naming(whom) not in self._spoken

    async def holds(self, tx: Tx, cases: Cases, whom: Whom, found: Found) -> bool:
        """Whether what was found is what is to be seen; the cases are of that epoch then.

        Where nothing was found no row could tell, so the persons are looked up. It is nothing whether they have no
        consents or such as say nothing to the requester: how long that takes tells nobody that there are some.
        """
        if found.beside is not None:
            cases.stand_under(found.beside)
            return True
        if not found.matches and all(_says_nothing(cases, case) for case in await cases.look_up(tx, whom)):
            return True
        while len(self._spoken) >= _MOST:
            del self._spoken[next(iter(self._spoken))]
        self._spoken[_naming(whom)] = None
        return False

    def learn(self, whom: Whom, found: Iterable[Case]) -> None:
        """What a look at the persons named told."""
        if self._spoken and not any(case.dossier.consents for case in found):
            self._spoken.pop(_naming(whom), None)


def _says_nothing(cases: Cases, case: Case) -> bool:
    default, _ = cases.rules.settled(cases.actor, case.inquiry.related, ())
    return case.condition(cases.own) == default


def _naming(whom: Whom) -> object:
    return tuple(whom.keys), tuple(whom.names)
