"""Telling who looks after a patient of what waits: judged as the doctor may see it, written as a Task and a Flag.

The gate shows the doctor's eyes what stands, so nobody is alerted to what is hidden from him, and a mean is of what he
may see. At least once: ids are made of what is alerted, so a second time finds them there. While a Task of a rule waits
for somebody, another reading by the same rule makes no second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from hub.auth.actor import Actor
from hub.care.rules import Rule, asking, drifting, is_fresh, measured, values, withdrawn
from hub.care.waiting import Waiting
from hub.care.writing import UNBEGUN, Addressee, alert_id, cancelled, flag, in_error, task
from hub.db.database import Database
from hub.fhir.json import loads
from hub.gate.gate import Gate
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.carers import Cared, Carers
from hub.records.client import ClientWrites
from hub.records.operations import Patch, Update

_OBSERVATION: Final = "Observation"
#: Readings that are looked at, the newest: a month of one every hour.
_MOST: Final = 720
#: An actor that is judged long after it was made has its time from the clock of the gate.
_EXPIRES: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Alerting:
    """Looks at what waits; a `hub.events.running.Deliverer` whose receivers are the numbers of what does."""

    def __init__(
        self,
        database: Database,
        gate: Gate,
        carers: Carers,
        writes: ClientWrites,
        rules: Sequence[Rule],
        ids: IdMaker,
        clock: Clock,
        log: Log,
        *,
        canonical_base: str,
    ) -> None:
        window = max((rule.fresh for rule in rules), default=timedelta())
        self._waiting: Final = Waiting(database, clock, window)
        self._database: Final = database
        self._gate: Final = gate
        self._carers: Final = carers
        self._writes: Final = writes
        self._rules: Final = tuple(rules)
        self._ids: Final = ids
        self._clock: Final = clock
        self._log: Final = log
        self._system: Final = f"{canonical_base}/CodeSystem/alert"
        #: Whether a Task waits, and the writing of another: of many readings at once only one finds none.
        self._turn: Final = asyncio.Lock()

    async def due(self) -> list[str]:
        """Numbers of what waits and may be looked at now."""
        return list(map(str, await self._waiting.due()))

    async def serve(self, receiver: str) -> None:
        """Look at one of them. Never raises: what fails is looked at again later, and told when it is given up."""
        try:
            await self._serve(int(receiver))
        except HubError as error:
            self._log.event("alert-put-off", level="WARNING", code=error.code)
        except Exception as error:
            self._log.failure("alert-failed", error)

    async def _serve(self, seq: int) -> None:
        found = await self._waiting.one(seq)
        if found is None:
            return
        observation, tries = found
        try:
            await self._look(observation)
        except Exception:
            if not await self._waiting.later(seq, tries):
                self._log.event("alert-given-up", level="ERROR", attempt=tries + 1)
            raise
        await self._waiting.done(seq)

    async def _look(self, observation: str) -> None:
        now = self._clock()
        async with self._database.connection() as tx:
            cared = await self._carers.of(tx, _OBSERVATION, observation, now)
        if cared is None:
            return
        if cared.gone:
            await self._call_off(observation, cared, now)
            return
        for addressee in _addressees(cared):
            await self._tell(addressee, observation, cared, now)

    async def _tell(self, addressee: Addressee, observation: str, cared: Cared, now: datetime) -> None:
        actor = _actor(addressee)
        try:
            shown = await self._gate.read(actor, _OBSERVATION, observation)
        except HubError as error:
            if error.category not in (Category.NOT_FOUND, Category.FORBIDDEN):
                raise
            return
        if shown.deleted:
            return
        resource: Json = loads(shown.body)
        if withdrawn(self._rules, resource):
            await self._call_off(observation, cared, now)
        for rule in asking(self._rules, resource):
            if is_fresh(rule, resource, now) and await self._holds(rule, resource, actor, cared.patient):
                await self._once_at_a_time(rule, resource, addressee, cared, now)

    async def _holds(self, rule: Rule, resource: Json, actor: Actor, patient: str) -> bool:
        """Whether a rule that asks is met; one that is about a drift, by what this actor may see of the days before."""
        if rule.drift is None:
            return True
        number, when = drifting(rule.drift, list(values(resource))), measured(resource)
        if number is None or when is None:
            return False
        since = when - timedelta(days=rule.drift.days)
        readings = await self._readings(actor, patient, rule, ("date", f"lt{when.isoformat()}"), since=since)
        before = [drifting(rule.drift, list(values(one))) for one in readings]
        return rule.drift.holds(number, [one for one in before if isinstance(one, Decimal)])

    async def _readings(
        self, actor: Actor, patient: str, rule: Rule, *also: tuple[str, str], since: datetime
    ) -> list[Json]:
        """What a rule looks at and this actor may see of a patient, the newest first."""
        params = [
            ("patient:mdm", f"Patient/{patient}"),
            ("combo-code", ",".join(sorted(rule.codes))),
            ("date", f"ge{since.isoformat()}"),
            ("status", "final,amended,corrected"),
            ("_sort", "-date"),
            ("_count", str(_MOST)),
            *also,
        ]
        page = await self._gate.search(actor, _OBSERVATION, params)
        return [loads(one.body) for one in page.matches]

    async def _once_at_a_time(
        self, rule: Rule, resource: Json, addressee: Addressee, cared: Cared, now: datetime
    ) -> None:
        async with self._turn:
            if not await self._waits(rule, addressee, cared, now):
                await self._write(rule, resource, addressee, cared, now)

    async def _waits(self, rule: Rule, addressee: Addressee, cared: Cared, now: datetime) -> bool:
        """Whether this addressee has, and may see, a Task by this rule that nobody has begun, and that is news."""
        params = [
            ("patient:mdm", f"Patient/{cared.patient}"),
            ("owner", addressee.reference),
            ("code", f"{self._system}|{rule.name}"),
            ("status", ",".join(UNBEGUN)),
            ("authored-on", f"ge{(now - rule.fresh).isoformat()}"),
            ("_count", "1"),
        ]
        return bool((await self._gate.search(_actor(addressee), "Task", params)).matches)

    async def _write(self, rule: Rule, resource: Json, addressee: Addressee, cared: Cared, now: datetime) -> None:
        flag_id, task_id = (
            self._id(rtype, cared.author_org, resource["id"], rule.name, addressee.reference)
            for rtype in ("Flag", "Task")
        )
        for each in (
            flag(flag_id, rule, resource, cared),
            task(task_id, rule, resource, addressee, cared, now),
        ):
            said = {**each, "code": {**each["code"], "coding": [*each["code"]["coding"], self._coding(rule)]}}
            await self._once(_writer(cared.author_org), said)
        self._log.event("alert-raised", code=rule.name)

    async def _call_off(self, observation: str, cared: Cared, now: datetime) -> None:
        """Let nobody act on a reading that was entered in error; a Task that was begun stays as it is."""
        own = _actor(Addressee(cared.author_org, ""))
        params = [("focus", f"{_OBSERVATION}/{observation}"), ("code", f"{self._system}|"), ("_count", str(_MOST))]
        found = await self._gate.search(own, "Task", params)
        told: list[Json] = [loads(one.body) for one in found.matches]
        for one in told:
            raised = self._id("Flag", cared.author_org, observation, self._rule(one), one["owner"]["reference"])
            await self._change(own, "Task", one["id"], cancelled)
            await self._change(own, "Flag", raised, in_error)
        await self._next({self._rule(one) for one in told if one["status"] in UNBEGUN}, cared, now)

    async def _next(self, names: Collection[str], cared: Cared, now: datetime) -> None:
        """Let the newest of the readings wait that made no Task of their own because there was one, and ask for it."""
        for rule in (one for one in self._rules if one.name in names):
            for addressee in _addressees(cared):
                readings = await self._readings(_actor(addressee), cared.patient, rule, since=now - rule.fresh)
                await self._waiting.add([one["id"] for one in readings if rule in asking(self._rules, one)][:1])

    async def _change(self, actor: Actor, rtype: str, rid: str, change: Callable[[Json], Json]) -> None:
        try:
            await self._writes.write(actor, Patch(type=rtype, id=rid, change=change))
        except HubError as error:
            if error.category is not Category.NOT_FOUND:
                raise

    def _id(self, rtype: str, facility: str, *of: str) -> str:
        return alert_id(self._ids, facility, rtype, "|".join(of))

    def _coding(self, rule: Rule) -> Json:
        return {"system": self._system, "code": rule.name, "display": rule.text}

    def _rule(self, task: Json) -> str:
        """Name of the rule a Task came from."""
        codes = (each["code"] for each in task["code"]["coding"] if each.get("system") == self._system)
        return next(codes, "")

    async def _once(self, writer: Actor, resource: Json) -> None:
        operation = Update(type=resource["resourceType"], id=resource["id"], resource=resource, only_new=True)
        try:
            await self._writes.write(writer, operation)
        except HubError as error:
            if error.category is not Category.PRECONDITION:
                raise


def _addressees(cared: Cared) -> list[Addressee]:
    """The family doctors; where there is none, the facility that answers for the reading."""
    found = [Addressee(one.organization, one.practitioner) for one in cared.doctors]
    return found or [Addressee(cared.author_org, "")]


def _actor(addressee: Addressee) -> Actor:
    """Whose eyes judge: the doctor's, or a clinician's of the facility."""
    return Actor(
        role="family-doctor" if addressee.practitioner else "clinician",
        purpose=("TREAT",),
        client="alerts",
        token_id="",
        expires=_EXPIRES,
        organization=addressee.organization,
        practitioner=addressee.practitioner or None,
    )


def _writer(facility: str) -> Actor:
    """A system of the facility that answers for the reading: it answers for what is made of it, and nobody else."""
    return Actor(
        role="feed",
        purpose=("TREAT",),
        client="alerts",
        token_id="",
        expires=_EXPIRES,
        organization=facility,
    )
