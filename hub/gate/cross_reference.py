"""Which other numbers a person has, asked by one of them (PIX, IHE ITI-9), as far as the asker may see them.

A number nobody has, one of somebody the asker may not see, and one that several persons have are told alike: nothing.
"""

from __future__ import annotations

from uuid import UUID

from hub.gate import golden_records
from hub.gate.checks import basis_of
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.parameters import escaped
from hub.gate.recorder import Asked
from hub.gate.release import decide
from hub.gate.released import Released
from hub.gate.searches import search
from hub.kernel.ids import reference_key


async def corresponding(door: Door, asked: Asked, system: str, value: str) -> Released | None:
    """The golden Patient of the person who has this number, made of the sources the actor may see; or None.

    The number must be one that the actor may see. Raises what a search for Patients raises, and `TooSoonError`.
    """
    await door.pace.ask(asked)
    page = await search(door, asked, [("identifier", f"{escaped(system)}|{escaped(value)}")], lenient=False)
    keys = [reference_key("Patient", one.id) for one in page.matches]
    return await door.settled(lambda: _person(door, asked, keys)) if keys else None


async def _person(door: Door, asked: Asked, keys: list[UUID]) -> Released | None:
    async with door.snapshot() as tx:
        cases = await door.cases(tx, asked, Whom(keys=keys))
        if len(cases.persons) != 1:
            return None
        (person,) = cases.persons
        rows = await golden_records.sources(door, tx, cases, person)
    if not rows:
        return None
    await door.recorder.released(asked, rows, basis_of(cases, ((row, decide(cases, row)) for row in rows)))
    return golden_records.released(door, rows, person.dossier.golden or rows[0].id)
