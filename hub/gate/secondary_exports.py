"""De-identified exports: person by person, each under the consents of that person; no parameter may pick anybody out.

A filter, a time of change or a Group could single out somebody who is known from elsewhere, so none is taken.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

from consent.tables import DEIDENTIFIED, IDENTIFIED
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.db.database import Tx
from hub.fhir.deidentify import RELEASED
from hub.gate.cases import Cases
from hub.gate.checks import checked
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.export_wish import ExportWish
from hub.gate.parcels import Parcel, pack
from hub.gate.recorder import Asked
from hub.gate.visible import of_batch
from hub.kernel.errors import Category, HubError
from hub.store.values import Visible
from hub.store.walk import Stretch

#: The forms an export can have.
FORMS: Final = frozenset({IDENTIFIED, DEIDENTIFIED})
#: About nobody, and needed to understand what refers to it.
_MEDICATION: Final = "Medication"


def is_deidentified(actor: Actor) -> bool:
    """Whether what leaves for this actor is de-identified."""
    return actor.form == DEIDENTIFIED


def refuse_singling_out(wish: ExportWish) -> None:
    """Raise HubError UNSUPPORTED for a wish that a de-identified export cannot have."""
    given = {
        "Group": wish.level == "group",
        "_since": wish.since is not None,
        "_until": wish.until is not None,
        "_typeFilter": bool(wish.filters),
        "patient": wish.patients is not None,
    }
    for name, found in given.items():
        if found:
            raise _unsupported("could pick out a person, so a de-identified export takes none", name, "leave it out")
    without = sorted(wish.types - RELEASED - {_MEDICATION})
    if without:
        raise _unsupported(f"{without[0]} has no de-identified form", "_type", f"one of {', '.join(sorted(RELEASED))}")


async def parcels(door: Door, asked: Asked, tx: Tx, cases: Cases, wish: ExportWish) -> AsyncIterator[Parcel]:
    """What may be used of everybody, as stored: it is disguised when it leaves (hub.gate.deliveries)."""
    types = [name for name in await door.store.types(tx) if _wanted(asked.actor, wish, name)]
    if _MEDICATION in types:
        types.remove(_MEDICATION)
        about_nobody = Visible(types=frozenset({_MEDICATION}))
        async for rows in door.store.walk(tx, Stretch(type=_MEDICATION), about_nobody):
            yield pack(_MEDICATION, rows, deleted=False)
    async for keys in door.store.patients(tx):
        await cases.look_up(tx, Whom(keys=keys))
        visible = of_batch(cases, keys)
        for stretch in _stretches(types, tuple(keys)):
            async for rows in door.store.walk(tx, stretch, visible):
                await checked(door.recorder, asked, cases, rows)
                yield pack(stretch.type, rows, deleted=False)
        cases.by_pkey.clear()  # a county's worth of cases would not fit


def _stretches(types: Sequence[str], keys: tuple[UUID, ...]) -> list[Stretch]:
    return [Stretch(type=name, about=True, within=keys) for name in types]


def _wanted(actor: Actor, wish: ExportWish, name: str) -> bool:
    may = allows(actor.scopes, name, "s") and allows(actor.scopes, name, "r")
    return may and wish.wants(name) and (name in RELEASED or name == _MEDICATION)


def _unsupported(what: str, where: str, todo: str) -> HubError:
    return HubError(Category.UNSUPPORTED, what, where=where, todo=todo, code="deidentified-export")
