"""A Composition with what it refers to, through the gate (R4 composition-operation-document.html).

Whoever may read the Composition gets it with as much of what it names as may be read. What may not be read is left out
as what is not there would be, and so are the words that tell of it (hub/gate/hidden.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NoReturn

from consent.tables import CLINICAL_ROLES, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.fhir.json import loads
from hub.fhir.references import parse_reference, references
from hub.gate.cases import Cases
from hub.gate.checks import basis_of, checked, look_up_all
from hub.gate.door import Door, not_found, was_deleted
from hub.gate.dossiers import Whom
from hub.gate.hidden import bound, discreet, hidden_from
from hub.gate.instances import address_of
from hub.gate.policy import refused_break_glass
from hub.gate.recorder import Asked
from hub.gate.release import decide
from hub.gate.released import Released, ReleasedPage
from hub.gate.visible import of_patients
from hub.kernel.ids import reference_key
from hub.store.values import Stored

#: Elements of a document that name other documents, which are no part of this one.
_BESIDE: Final = frozenset({"relatesTo"})


async def document(door: Door, asked: Asked) -> ReleasedPage:
    """`matches` is the Composition, `included` what it refers to, in the order it does.

    Raises HubError NOT_FOUND as a read does (`deleted` for what was deleted).
    """
    address = address_of(asked)
    await door.admit(asked, "r")
    return await door.settled(lambda: _document(door, asked, (address.type, address.id)))


async def _document(door: Door, asked: Asked, address: tuple[str, str]) -> ReleasedPage:
    async with door.snapshot() as tx:
        current = (await door.store.load(tx, [address])).get(address)
        key = reference_key(*address) if current is None else current.pkey
        cases = await door.cases(tx, asked, Whom(keys=[key], names=[address[1]]))
        visible = of_patients(cases)
        head = (await door.store.named(tx, [address], visible)).get(address)
        wanted = [] if head is None else named_by(asked.actor, head)
        found = await door.store.named(tx, wanted, visible)
        rows = [] if head is None else [head, *(found[ref] for ref in wanted if ref in found)]
        await look_up_all(tx, cases, rows)
        hidden = await hidden_from(door, tx, cases, rows)
    if head is None:
        await _refuse(door, asked, cases, current)
    basis = bound(await checked(door.recorder, asked, cases, rows), cases, rows)
    await door.recorder.released(asked, rows, basis)
    told: list[Released] = [discreet(row, hidden) for row in rows]
    return ReleasedPage(matches=tuple(told[:1]), included=tuple(told[1:]))


def named_by(actor: Actor, head: Stored) -> list[tuple[str, str]]:
    """What a resource refers to and the token lets be read, each once.

    A reference to one version is to that version; the current one would be something else.
    """
    resource = {name: value for name, value in loads(head.body).items() if name not in _BESIDE}
    targets = [target for text in references(resource) if (target := parse_reference(text)) is not None]
    clinical = actor.role in CLINICAL_ROLES
    return list(
        dict.fromkeys(
            (one.type, one.id)
            for one in targets
            if one.version is None
            and (one.type, one.id) != head.reference
            and allows(actor.scopes, one.type, "r")
            and not (clinical and one.type in RECORD_TYPES)
        )
    )


async def _refuse(door: Door, asked: Asked, cases: Cases, current: Stored | None) -> NoReturn:
    """Record why there is no Composition, and raise what an absent one raises; or `deleted`, if that may be known."""
    basis = basis_of(cases, ())
    decision = None if current is None else decide(cases, current)
    if current is None or decision is None or decision.permitted:
        await door.recorder.absent(asked, basis)
        raise not_found() if current is None or not current.deleted else was_deleted()
    await door.recorder.refused(asked, decision.reason, basis, _tried(cases, current))
    raise not_found()


def _tried(cases: Cases, current: Stored) -> Sequence[str]:
    """The patient of a break-glass that opened nothing."""
    case = cases.by_pkey.get(current.pkey)
    tried = case is not None and refused_break_glass(case.inquiry, case.pointed) is not None
    return [current.patient] if tried and current.patient else []
