"""Telling who looks after a patient of what waits: judged as the doctor may see it, written as a Task and a Flag.

The gate shows the doctor's eyes what stands, so nobody is alerted to what is hidden from him, and a mean is of what he
may see. At least once: ids are made of what is alerted, so a second time finds them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from hub.auth.actor import Actor
from hub.care.rules import Rule, asking, drifting, is_fresh, measured, values, withdrawn
from hub.care.writing import Addressee, alert_id, cancelled, flag, in_error, task
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
#: What waits is looked at so often; the pause doubles from a second.
_TRIES: Final = 12
_AT_ONCE: Final = 100
#: Readings of one drift that are looked at: a month of one every hour.
_MOST: Final = 720
#: An actor that is judged long after it was made has its time from the clock of the gate.
_EXPIRES: Final = datetime(2000, 1, 1, tzinfo=UTC)

_DUE: Final = "SELECT seq FROM alert_waiting WHERE due IS NULL OR due <= $1 ORDER BY seq LIMIT $2"
_ONE: Final = "SELECT observation, tries FROM alert_waiting WHERE seq = $1"
_DONE: Final = "DELETE FROM alert_waiting WHERE seq = $1"
_AGAIN: Final = "UPDATE alert_waiting SET tries = tries + 1, due = $2 WHERE seq = $1"


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
        self._database: Final = database
        self._gate: Final = gate
        self._carers: Final = carers
        self._writes: Final = writes
        self._rules: Final = tuple(rules)
        self._ids: Final = ids
        self._clock: Final = clock
        self._log: Final = log
        self._canonical_base: Final = canonical_base

    async def due(self) -> list[str]:
        """Numbers of what waits and may be looked at now."""
        async with self._database.connection() as tx:
            return [str(row[0]) for row in await tx.fetch(_DUE, self._clock(), _AT_ONCE)]

    async def serve(self, receiver: str) -> None:
        """Look at one of them. Never raises: what fails is looked at again later, and told when it is given up."""
        try:
            await self._serve(int(receiver))
        except HubError as error:
            self._log.event("alert-put-off", level="WARNING", code=error.code)
        except Exception as error:
            self._log.failure("alert-failed", error)

    async def _serve(self, seq: int) -> None:
        async with self._database.connection() as tx:
            row = await tx.fetchrow(_ONE, seq)
        if row is None:
            return
        try:
            await self._look(row["observation"])
        except Exception:
            await self._later(seq, row["tries"])
            raise
        async with self._database.connection() as tx:
            await tx.execute(_DONE, seq)

    async def _later(self, seq: int, tries: int) -> None:
        async with self._database.connection() as tx:
            if tries + 1 >= _TRIES:
                await tx.execute(_DONE, seq)
                self._log.event("alert-given-up", level="ERROR", attempt=tries + 1)
            else:
                await tx.execute(_AGAIN, seq, self._clock() + timedelta(seconds=2**tries))

    async def _look(self, observation: str) -> None:
        now = self._clock()
        async with self._database.connection() as tx:
            cared = await self._carers.of(tx, _OBSERVATION, observation, now)
        if cared is None:
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
        for rule in withdrawn(self._rules, resource):
            await self._withdraw(rule, resource, addressee)
        for rule in asking(self._rules, resource):
            if is_fresh(rule, resource, now) and await self._holds(rule, resource, actor, cared.patient):
                await self._write(rule, resource, addressee, cared, now)

    async def _holds(self, rule: Rule, resource: Json, actor: Actor, patient: str) -> bool:
        """Whether a rule that asks is met; one that is about a drift, by what this actor may see of the days before."""
        if rule.drift is None:
            return True
        number, when = drifting(rule.drift, list(values(resource))), measured(resource)
        if number is None or when is None:
            return False
        since = when - timedelta(days=rule.drift.days)
        params = [
            ("patient:mdm", f"Patient/{patient}"),
            ("code", ",".join(sorted(rule.drift.codes))),
            ("date", f"ge{since.isoformat()}"),
            ("date", f"lt{when.isoformat()}"),
            ("status", "final,amended,corrected"),
            ("_count", str(_MOST)),
        ]
        page = await self._gate.search(actor, _OBSERVATION, params)
        before = [drifting(rule.drift, list(values(loads(one.body)))) for one in page.matches]
        return rule.drift.holds(number, [one for one in before if isinstance(one, Decimal)])

    async def _write(self, rule: Rule, resource: Json, addressee: Addressee, cared: Cared, now: datetime) -> None:
        writer = _writer(addressee)
        made = (
            flag(self._id("Flag", rule, resource, addressee), rule, resource, addressee, cared.patient, now),
            task(self._id("Task", rule, resource, addressee), rule, resource, addressee, cared.patient, now),
        )
        for each in made:
            said = {**each, "code": {**each["code"], "coding": [*each["code"]["coding"], self._coding(rule)]}}
            await self._once(writer, said)
        self._log.event("alert-raised", code=rule.name)

    async def _withdraw(self, rule: Rule, resource: Json, addressee: Addressee) -> None:
        """Let nobody act on a reading that was entered in error; a Task that was begun stays as it is."""
        for rtype, change in (("Task", cancelled), ("Flag", in_error)):
            rid = self._id(rtype, rule, resource, addressee)
            try:
                await self._writes.write(_actor(addressee), Patch(type=rtype, id=rid, change=change))
            except HubError as error:
                if error.category is not Category.NOT_FOUND:
                    raise

    def _id(self, rtype: str, rule: Rule, resource: Json, addressee: Addressee) -> str:
        return alert_id(self._ids, addressee, rtype, f"{resource['id']}|{rule.name}|{addressee.key}")

    def _coding(self, rule: Rule) -> Json:
        return {"system": f"{self._canonical_base}/CodeSystem/alert", "code": rule.name, "display": rule.text}

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


def _writer(addressee: Addressee) -> Actor:
    """A system of the facility that is told: it answers for its alerts, and its people may close them."""
    return Actor(
        role="feed",
        purpose=("TREAT",),
        client="alerts",
        token_id="",
        expires=_EXPIRES,
        organization=addressee.organization,
    )
