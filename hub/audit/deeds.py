"""What is done beside the FHIR doors, as entries: deeds of engineers, stewards and administrators, and signing in.

A deed is an operation on no resource. Its query says what was done and with what, as `name=what&...`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from hub.audit.entry import UNKNOWN_ORIGIN, Entry, Interaction, Origin, Outcome, Requester
from hub.kernel.clock import Clock


class Scribe:
    """Makes the entries of deeds; `hub.audit.trail.Trail` keeps them."""

    def __init__(self, clock: Clock, entry_ids: Callable[[], UUID] = uuid4) -> None:
        self._clock: Final = clock
        self._entry_ids: Final = entry_ids

    def deed(
        self,
        who: Requester,
        said: Mapping[str, str],
        *,
        patients: tuple[str, ...] = (),
        origin: Origin = UNKNOWN_ORIGIN,
        reason: str | None = None,
        outcome: Outcome = Outcome.RELEASED,
    ) -> Entry:
        """The entry of a deed. The first of `said` names it and is kept even if empty; of the others what is not."""
        first = next(iter(said), "")
        return Entry(
            id=self._entry_ids(),
            time=self._clock(),
            requester=who,
            interaction=Interaction.OPERATION,
            outcome=outcome,
            origin=origin,
            query=urlencode({name: text for name, text in said.items() if text or name == first}),
            reason=reason,
            patients=patients,
        )

    def at_the_machine(
        self,
        role: str,
        account: str,
        said: Mapping[str, str],
        *,
        patients: tuple[str, ...] = (),
        purpose: str = "HSYSADMIN",
    ) -> Entry:
        """The deed of an account of the machine, from the command line."""
        who = Requester(role=role, organization="", client=account, token_id="", purpose=(purpose,), form="identified")
        return self.deed(who, said, patients=patients)
