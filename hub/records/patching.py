"""A patch becomes an update: applied to the version that stands, under its lock, as far as the actor may see it.

So of clients that patch one resource at the same time each finds what the one before it left, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json
from hub.records.about import about_persons
from hub.records.client_rules import check_target
from hub.records.given import answered, is_given
from hub.records.journal import Job
from hub.records.operations import Patch, Update, Whole
from hub.records.refusal import NonconformantError, NotYoursError
from hub.records.rights import Rights
from hub.records.sight import Sight
from hub.store.values import Stored

Ref = tuple[str, str]


@dataclass(slots=True)
class Settled:
    """The operations as whole resources by place, the refusals, and the bodies that patches were applied to.

    `shown` is what the actor may see of what will stand, where that is less.
    """

    operations: dict[int, Whole] = field(default_factory=dict)
    refused: dict[int, HubError] = field(default_factory=dict)
    seen: dict[int, bytes] = field(default_factory=dict)
    shown: dict[int, Json] = field(default_factory=dict)


class Patches:
    """Applies patches; `validate` judges what they make of a resource."""

    def __init__(self, sight: Sight, rights: Rights, validate: Callable[[Json], Sequence[Issue]]) -> None:
        self._sight: Final = sight
        self._rights: Final = rights
        self._validate: Final = validate

    def check(self, actor: Actor, patch: Patch) -> None:
        """What can be refused without looking at what is stored. Raises HubError FORBIDDEN."""
        self._rights.check(actor, patch.type, "u", patch.where)
        self._sight.admit(actor, patch.type)

    async def settle(
        self, tx: Tx, jobs: Sequence[Job], current: Mapping[Ref, Stored], decided: Collection[int]
    ) -> Settled:
        """Turn the patches among `jobs` that are not `decided` yet into updates of what stands."""
        settled = Settled()
        for index, job in enumerate(jobs):
            operation, actor = job.operation, job.request.actor
            given = is_given(actor, current.get((operation.type, operation.id)), self._rights)
            if not isinstance(operation, Update | Patch) or not (given or isinstance(operation, Patch)):
                settled.operations[index] = operation
            elif index not in decided:
                try:
                    if given:
                        await self._answer(tx, index, actor, operation, current, settled)
                    elif isinstance(operation, Patch):
                        await self._patch(tx, index, actor, operation, current, settled)
                except HubError as refusal:
                    settled.refused[index] = refusal
        await _refuse_persons(tx, settled)
        return settled

    async def _patch(
        self, tx: Tx, index: int, actor: Actor, patch: Patch, current: Mapping[Ref, Stored], settled: Settled
    ) -> None:
        standing = current.get((patch.type, patch.id))
        check_target(actor, patch, standing, self._rights)
        standing, seen = await self._seen(tx, actor, patch, standing)
        if standing.deleted:
            raise HubError(Category.NOT_FOUND, "was deleted", where=patch.where or "URL", code="deleted")
        resource = loads(seen)
        before = dumps(resource)
        changed = _changed(patch, resource)
        # What the actor may not see stays where the patch changes nothing.
        same = dumps(changed) == before
        settled.operations[index] = _update(patch, loads(standing.body) if same else self._valid(patch, changed))
        settled.seen[index] = seen

    async def _answer(
        self,
        tx: Tx,
        index: int,
        actor: Actor,
        said: Update | Patch,
        current: Mapping[Ref, Stored],
        settled: Settled,
    ) -> None:
        """What the owner of a Task of another facility says of it, by a patch or as a whole."""
        self._sight.admit(actor, said.type)
        standing, seen = await self._seen(tx, actor, said, current.get((said.type, said.id)))
        check_target(actor, said, standing, self._rights, given=True)
        shown = loads(seen)
        now = _changed(said, loads(seen)) if isinstance(said, Patch) else said.resource
        resource = self._valid(said, answered(loads(standing.body), shown, now, said.where))
        settled.operations[index] = replace(_update(said, resource), given=True)
        settled.seen[index] = seen
        if seen != standing.body:
            settled.shown[index] = answered(shown, shown, now)

    async def _seen(
        self, tx: Tx, actor: Actor, operation: Update | Patch, standing: Stored | None
    ) -> tuple[Stored, bytes]:
        """What stands, and as the actor may see it. Raises HubError NOT_FOUND where that is nothing."""
        seen = None if standing is None else await self._sight.see(tx, actor, standing)
        if standing is None or seen is None:
            raise NotYoursError(operation.type, operation.where, actor.organization, exists=standing is not None)
        return standing, seen

    def _valid(self, patch: Update | Patch, resource: Json) -> Json:
        errors = [issue for issue in self._validate(resource) if issue.severity in ("fatal", "error")]
        if errors:
            raise NonconformantError(errors, where=patch.where)
        return resource


def _changed(patch: Patch, resource: Json) -> Json:
    try:
        return patch.change(resource)
    except HubError as error:
        where = f"{patch.where}.{error.where}" if patch.where else error.where
        raise HubError(error.category, error.what, where=where, todo=error.todo, code=error.code) from None


def _update(patch: Update | Patch, resource: Json) -> Update:
    return Update(type=patch.type, id=patch.id, resource=resource, expected=patch.expected, where=patch.where)


async def _refuse_persons(tx: Tx, settled: Settled) -> None:
    """A patch may name another subject; that must not be a golden record either."""
    places = list(settled.seen)
    found = await about_persons(tx, [settled.operations[place] for place in places])
    settled.refused |= {places[index]: refusal for index, refusal in found.items()}
