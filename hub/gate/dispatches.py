"""What one message to another system may be made of: a resource, whom it is about, and what it names.

Judged at the moment it is made, for the organisation that receives it, by the stricter of what held for the version
that is told and what holds now. What may not be seen is not handed over, so nothing of it can get into the message. The
message leaves this door only when its audit row is durable; where there is none to send, nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from hub.audit.entry import Interaction
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.fhir.references import parse_reference
from hub.gate.cases import Cases
from hub.gate.checks import checked, look_up_all
from hub.gate.documents import named_by
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.hidden import bound, discreet, hidden_from
from hub.gate.notices import Pointer
from hub.gate.recorder import Asked
from hub.gate.release import decide, decide_version
from hub.gate.searches import query_text
from hub.gate.trimming import Pointer as Hidden
from hub.gate.visible import of_patients
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store.values import Stored

T = TypeVar("T")

#: Types whose own references are followed too: who made a result, and who asked for it.
_FOLLOWED: Final = frozenset({"Observation", "ServiceRequest"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the receiver may be shown. `author` is the facility that answers for `focus`.

    `about` is the source Patient it is about, None where that may not be seen; `own` are the receiver's own Patients of
    the same person; `others` what the focus names, by reference.
    """

    focus: Json
    author: str
    about: Json | None
    own: tuple[Json, ...]
    others: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The permitted rows behind what is shown."""

    focus: Stored
    about: tuple[Stored, ...]
    own: tuple[Stored, ...]
    others: tuple[Stored, ...]

    @property
    def all(self) -> list[Stored]:
        found = (self.focus, *self.about, *self.own, *self.others)
        return list({row.reference: row for row in found}.values())


class Dispatches:
    """The way of outbound messages through the gate. Raises HubError as `Gate` says."""

    def __init__(self, door: Door) -> None:
        self._door: Final = door

    async def reports(self, tx: Tx, results: Collection[tuple[str, str]]) -> dict[str, list[Pointer]]:
        """By id of an Observation, the DiagnosticReports of its patient that name it. `results`: (patient, id).

        For those who look for what is to be sent; nothing of it is released.
        """
        return await self._door.store.holders(tx, results, "Observation", "DiagnosticReport")

    async def weigh(self, actor: Actor, pointer: Pointer, make: Callable[[Shown], T | None]) -> bool:
        """Whether there is a message for the receiver now. Nothing leaves with that, so nothing is recorded."""
        async with self._door.snapshot() as tx:
            cases, rows = await self._permitted(tx, _asked(actor, pointer, ""), pointer)
            hidden = frozenset[Hidden]() if rows is None else await hidden_from(self._door, tx, cases, rows.all)
        return rows is not None and make(_shown(rows, hidden)) is not None

    async def dispatch(
        self, actor: Actor, pointer: Pointer, make: Callable[[Shown], T | None], *, feed: str
    ) -> T | None:
        """The message `make` makes of what may be shown now, on record as released when this returns; or None."""
        asked = _asked(actor, pointer, feed)
        return await self._door.settled(lambda: self._dispatched(asked, pointer, make))

    async def _dispatched(self, asked: Asked, pointer: Pointer, make: Callable[[Shown], T | None]) -> T | None:
        async with self._door.snapshot() as tx:
            cases, rows = await self._permitted(tx, asked, pointer)
            if rows is None:
                return None
            hidden = await hidden_from(self._door, tx, cases, rows.all)
        made = make(_shown(rows, hidden))
        if made is not None:
            basis = bound(await checked(self._door.recorder, asked, cases, rows.all), cases, rows.all)
            await self._door.recorder.released(asked, rows.all, basis)
        return made

    async def _permitted(self, tx: Tx, asked: Asked, pointer: Pointer) -> tuple[Cases, _Rows | None]:
        rtype, rid, version = pointer
        cases = await self._door.cases(tx, asked)
        now = (await self._door.store.load(tx, [(rtype, rid)])).get((rtype, rid))
        if now is None or now.patient is None:
            return cases, None
        then = now if now.version == version else await self._version(tx, now, version)
        # What was deleted is told as it stood last: withdrawn, so that whoever was told of it hears that.
        last = await self._version(tx, now, now.version - 1) if now.deleted else now
        (case,) = await cases.look_up(tx, Whom(keys=[now.pkey]))
        if then is None or last is None or not all(decide_version(cases, one, now).permitted for one in (then, last)):
            return cases, None
        loaded = await self._door.store.load(tx, [("Patient", source) for source in case.dossier.sources])
        patients = [row for row in loaded.values() if not row.deleted and decide(cases, row).permitted]
        return cases, _Rows(
            focus=last,
            about=tuple(row for row in patients if row.id == now.patient),
            own=tuple(row for row in patients if row.facts.author_org in cases.own),
            others=tuple(await self._named(tx, cases, last)),
        )

    async def _version(self, tx: Tx, now: Stored, version: int) -> Stored | None:
        found = await self._door.store.load_exact(tx, [(now.pkey, reference_key(*now.reference), version)])
        return next(iter(found), None)

    async def _named(self, tx: Tx, cases: Cases, focus: Stored) -> list[Stored]:
        """What the focus names, and what its results and its request name, as far as it may be seen."""
        near = await self._visible(tx, cases, [*named_by(cases.actor, focus), *_attached(focus)])
        further = [target for row in near if row.type in _FOLLOWED for target in named_by(cases.actor, row)]
        known = {focus.reference, *(row.reference for row in near)}
        return [*near, *await self._visible(tx, cases, [target for target in further if target not in known])]

    async def _visible(self, tx: Tx, cases: Cases, wanted: Iterable[tuple[str, str]]) -> list[Stored]:
        addresses = list(dict.fromkeys(wanted))
        found = await self._door.store.named(tx, addresses, of_patients(cases)) if addresses else {}
        rows = [found[address] for address in addresses if address in found]
        await look_up_all(tx, cases, rows)
        return rows


def _attached(focus: Stored) -> Sequence[tuple[str, str]]:
    """Binaries that hold the contents of a document."""
    if focus.type != "DocumentReference":
        return []
    urls = (one.get("attachment", {}).get("url", "") for one in loads(focus.body).get("content", ()))
    return [(found.type, found.id) for url in urls if (found := parse_reference(url)) and found.type == "Binary"]


def _shown(rows: _Rows, hidden: frozenset[Hidden]) -> Shown:
    def read(row: Stored) -> Json:
        body: Json = loads(discreet(row, hidden).body)
        return body

    return Shown(
        focus=read(rows.focus),
        author=rows.focus.facts.author_org,
        about=next(map(read, rows.about), None),
        own=tuple(map(read, rows.own)),
        others={f"{row.type}/{row.id}": read(row) for row in rows.others},
    )


def _asked(actor: Actor, pointer: Pointer, feed: str) -> Asked:
    query = query_text([("$send", feed)])
    return Asked(actor=actor, interaction=Interaction.OPERATION, type=pointer[0], id=pointer[1], query=query)
