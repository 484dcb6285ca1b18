"""What the gate lets out, however it is asked, is exactly what the consent rules permit."""

from __future__ import annotations

from collections.abc import Awaitable

from hypothesis import HealthCheck, given, settings

from hub.gate.released import ReleasedPage
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from tests.gate.house import House, with_house
from tests.gate.world import NOW, PATIENTS, ROWS, World, directory, worlds

_TYPES = sorted({rtype for rtype, _ in ROWS})
_IN_PATIENT = {"Observation": "subject", "DiagnosticReport": "subject", "Encounter": "subject"}


async def references(asked: Awaitable[ReleasedPage]) -> set[str] | None:
    """What a page holds besides Patients; None where all of it is refused."""
    try:
        page = await asked
    except HubError as refusal:
        assert refusal.category in {Category.NOT_FOUND, Category.FORBIDDEN}, refusal
        return None
    return {f"{one.type}/{one.id}" for one in page.matches if one.type != "Patient"}


async def agrees(house: House, world: World) -> None:
    """Search over all and by patient, `$everything`, totals and reads, each against the rules."""
    actor, gate = world.actor, house.gate
    confined = world.sources(actor.patient) if actor.patient else PATIENTS
    everybody = world.expected(confined)
    if actor.break_glass is None:
        assert await references(gate.search(actor, None, [])) == everybody
        page = await gate.search(actor, "Observation", [("_summary", "count")])
        assert page.total == sum(reference.startswith("Observation/") for reference in everybody)
    for patient in PATIENTS:
        seen = world.expected([patient]) & everybody
        assert (await references(gate.everything(actor, patient, [])) or set()) == seen
        for rtype in _TYPES:
            found = await references(gate.search(actor, rtype, [("patient", patient)]))
            assert found == {reference for reference in seen if reference.startswith(f"{rtype}/")}
    for row in world.rows:
        assert await is_read(house, world, row.type, row.id) == (row.reference in everybody)
    assert "release-check-failed" not in house.logged


async def is_read(house: House, world: World, rtype: str, rid: str) -> bool:
    try:
        released = await house.gate.read(world.actor, rtype, rid)
    except HubError as refusal:
        assert refusal.category is Category.NOT_FOUND
        return False
    return released.id == rid


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_what_leaves_is_what_the_rules_permit(database_url: str, world: World) -> None:
    async def work(house: House) -> None:
        await world.furnish(house)
        await agrees(house, world)

    with_house(database_url, work, clock=fixed_clock(NOW), directory=directory(world.policy))
