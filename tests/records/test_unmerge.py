"""An unmerge gives back what was released of each source before, consents given meanwhile staying with their source."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.auth.actor import Actor
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source, Statement
from tests.auth.consortium import NOW
from tests.consent import cases
from tests.gate.house import CLINICIAN, STRANGER, House, absent, observation, with_house, write
from tests.mpi.registry import patient

_HOSPITAL = cases.actor("Organization/F01")
_INDEX = PatientIndex(lambda: NOW)

#: The first two are merged and parted again; the others, who say the same at the same time, never are.
_ALL = ("ma", "mb", "na", "nb")
Change = Callable[[House, str], Awaitable[None]]


async def nothing(house: House, which: str) -> None:
    """Nobody says anything while the two are merged."""


async def other_denies(house: House, which: str) -> None:
    await house.consent(f"{which}b", cases.provision("deny", actor=_HOSPITAL), f"{which}-second")


async def other_permits(house: House, which: str) -> None:
    await house.consent(f"{which}b", cases.provision("permit", actor=_HOSPITAL), f"{which}-second")


async def first_withdraws(house: House, which: str) -> None:
    await house.consent(f"{which}a", None, f"{which}-first")


async def proxy_comes(house: House, which: str) -> None:
    await house.proxy(f"{which}b", "RelatedPerson/daughter", "healthcare-agent")


async def furnish(house: House) -> None:
    """Four strangers of a hospital that is not the reader's; the first of either pair lets the reader's in."""
    for place, rid in enumerate(_ALL):
        born = f"19{place + 4}0-03-0{place + 1}"
        await house.save(
            write("Patient", rid, author="F03", birthDate=born), observation(f"o-{rid}", author="F03", patient=rid)
        )
        async with house.database.transaction() as tx:
            await _INDEX.register(tx, [Source(rid, "F03", patient(rid, f"赵{'平安福寿'[place]}", born=born))])
    for which in "mn":
        await house.consent(f"{which}a", cases.provision("permit", actor=_HOSPITAL), f"{which}-first")


async def say(house: House, kind: str, message: int) -> None:
    """The facility merges its first two numbers, or parts them."""
    said = Statement(kind=kind, survivor="ma", loser="mb", facility="F03", message=message)
    async with house.database.transaction() as tx:
        await _INDEX.register(tx, [], [said])


async def released(house: House, actor: Actor, which: str) -> set[str]:
    """Whose observation is released, `a` or `b`; every way to it agrees."""
    found: set[str] = set()
    for one in "ab":
        rid = f"{which}{one}"
        page = await house.gate.search(actor, "Observation", [("patient", rid)])
        ids = {match.id for match in page.matches}
        if ids:
            assert ids == {(await house.gate.read(actor, "Observation", f"o-{rid}")).id}
            found.add(one)
        else:
            assert await absent(house.gate.read(actor, "Observation", f"o-{rid}"))
    everyone = await house.gate.search(actor, "Observation", [])
    assert {match.id for match in everyone.matches if match.id[2] == which} == {f"o-{which}{one}" for one in found}
    return found


@pytest.mark.parametrize("change", [nothing, other_denies, other_permits, first_withdraws, proxy_comes])
def test_an_unmerge_releases_what_two_who_never_merged_release(database_url: str, change: Change) -> None:
    async def work(house: House) -> None:
        await furnish(house)
        before = {actor.organization: await released(house, actor, "m") for actor in (CLINICIAN, STRANGER)}
        await say(house, "A40", 1)
        assert await released(house, CLINICIAN, "m") == {"a", "b"}
        for which in "mn":
            await change(house, which)
        await say(house, "A37", 2)
        for actor in (CLINICIAN, STRANGER):
            after = await released(house, actor, "m")
            assert after == await released(house, actor, "n")
            assert change is not nothing or after == before[actor.organization]

    with_house(database_url, work)
