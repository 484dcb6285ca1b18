"""Who a Task was given to says how it goes, and changes nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.client import ClientWrites
from hub.records.operations import Create, Delete, Operation, Patch, Update
from hub.store.values import Stored
from tests.records.door import DOCTOR
from tests.records.test_patching import AllSeeing, in_doors

HOSPITAL: Final = replace(DOCTOR, organization="F01", practitioner="fang")
OWNER: Final = replace(DOCTOR, practitioner="bai")
TASK: Final[Json] = {
    "resourceType": "Task",
    "id": "t1",
    "status": "requested",
    "intent": "order",
    "description": "血压188/116",
    "for": {"reference": "Patient/p1"},
    "requester": {"reference": "Organization/F01"},
    "owner": {"reference": "Practitioner/bai"},
}


class Blindfold(AllSeeing):
    """A gate that shows nothing."""

    async def see(self, tx: Tx, actor: Actor, stored: Stored) -> bytes | None:  # noqa: ARG002
        return None


def put(**changes: Any) -> Update:
    return Update(type="Task", id="t1", resource={**TASK, **changes})


def patch(**changes: Any) -> Patch:
    return Patch(type="Task", id="t1", change=lambda resource: {**resource, **changes})


def with_task(
    url: str, visit: Callable[[ClientWrites], Awaitable[None]], task: Json = TASK, sight: AllSeeing | None = None
) -> None:
    async def begin(doors: list[ClientWrites]) -> None:
        await doors[0].write(HOSPITAL, Create(type="Task", id="t1", resource=task))
        await visit(doors[0])

    in_doors(url, begin, sight or AllSeeing())


async def refusal(door: ClientWrites, operation: Operation, actor: Actor = OWNER) -> HubError:
    with pytest.raises(HubError) as raised:
        await door.write(actor, operation)
    return raised.value


@pytest.mark.parametrize("way", [put, patch])
def test_the_doctor_of_another_facility_closes_her_task_and_it_stays_its_authors(
    database_url: str, way: Callable[..., Update | Patch]
) -> None:
    note = [{"text": "已电话随访"}]

    async def visit(door: ClientWrites) -> None:
        written = await door.write(OWNER, way(status="completed", note=note, businessStatus={"text": "已处理"}))
        assert (written.version, loads(written.body)["note"]) == (2, note)
        back = await door.write(HOSPITAL, patch(status="in-progress"))
        assert (back.version, loads(back.body)["note"]) == (3, note)

    with_task(database_url, visit)


def test_an_owner_changes_nothing_else_and_deletes_nothing(database_url: str) -> None:
    async def visit(door: ClientWrites) -> None:
        for change in (
            {"description": "x"},
            {"owner": {"reference": "Practitioner/mei"}},
            {"status": "entered-in-error"},
        ):
            for way in (put(**change), patch(**change)):
                refused = await refusal(door, way)
                assert (refused.category, refused.code) == (Category.FORBIDDEN, "task-owner")
        assert (await refusal(door, Delete(type="Task", id="t1"))).code == "not-yours"
        assert (await refusal(door, replace(put(status="completed"), expected=7))).category is Category.PRECONDITION

    with_task(database_url, visit)


@pytest.mark.parametrize("status", ["draft", "cancelled", "entered-in-error"])
def test_an_owner_does_not_make_a_task_of_what_its_author_says_is_none(database_url: str, status: str) -> None:
    async def visit(door: ClientWrites) -> None:
        for way in (put(status="accepted"), patch(status="accepted")):
            assert (await refusal(door, way)).code == "task-owner"
        assert (await door.write(OWNER, patch(note=[{"text": "知悉"}]))).version == 2

    with_task(database_url, visit, {**TASK, "status": status})


def test_who_is_not_the_owner_finds_no_task(database_url: str) -> None:
    async def visit(door: ClientWrites) -> None:
        for way in (put(status="completed"), patch(status="completed")):
            assert (await refusal(door, way, replace(OWNER, practitioner="mei"))).code == "not-yours"

    with_task(database_url, visit)


def test_a_task_that_consent_hides_is_absent_for_its_owner_too(database_url: str) -> None:
    async def visit(door: ClientWrites) -> None:
        for way in (put(status="completed"), patch(status="completed"), put(description="x")):
            assert (await refusal(door, way)).code == "not-yours"

    with_task(database_url, visit, sight=Blindfold())


def test_a_facility_answers_a_task_that_was_given_to_it(database_url: str) -> None:
    async def visit(door: ClientWrites) -> None:
        written = await door.write(replace(OWNER, practitioner="mei"), put(**given, status="accepted"))
        assert loads(written.body)["status"] == "accepted"

    given = {"owner": {"reference": "Organization/F05"}}
    with_task(database_url, visit, {**TASK, **given})


def test_what_an_owner_may_not_see_stays_and_is_not_answered(database_url: str) -> None:
    async def visit(door: ClientWrites) -> None:
        shown = {name: value for name, value in TASK.items() if name != "description"}
        said: tuple[Update | Patch, ...] = (Update(type="Task", id="t1", resource=shown), patch(status="completed"))
        for number, operation in enumerate(said):
            written = await door.write(OWNER, operation)
            assert written.version == number + 1
            assert "description" not in loads(written.body)
        stored = await door.write(HOSPITAL, Update(type="Task", id="t1", resource={**TASK, "status": "completed"}))
        assert stored.result == "unchanged", "the author's words are as they were"

    with_task(database_url, visit, sight=AllSeeing("description"))
