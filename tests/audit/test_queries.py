"""Reading the trail on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from hub.audit.entry import Interaction, Outcome
from hub.audit.queries import Span, one, page
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.kernel.ids import reference_key
from tests.audit.entries import NOW, REQUESTER, read, search, write
from tests.audit.test_trail import with_trail

W = reference_key("Patient", "w")
BROKEN = REQUESTER.__class__(
    role="clinician",
    organization="F01",
    client="his",
    token_id="t1",
    purpose=("BTG",),
    form="identified",
    break_glass="过敏性休克",
)

#: Six entries, a minute apart: released of w and v, of v, written of w, and of w: refused, refused break-glass, absent.
ENTRIES = (
    search(1),
    read(2, patients=("v",)),
    write(Interaction.UPDATE, 3),
    read(4, outcome=Outcome.REFUSED),
    read(5, outcome=Outcome.REFUSED, requester=BROKEN),
    read(6, outcome=Outcome.ABSENT, requester=BROKEN),
)


def recorded(url: str, *spans: Span, **how: Any) -> list[list[int]]:
    """Numbers in the ids of the entries of each span, as they come."""

    async def work(database: Database, trail: Trail) -> list[list[int]]:
        for minute, entry in enumerate(ENTRIES):
            await trail.record(replace(entry, time=NOW + timedelta(minutes=minute)))
        async with database.connection() as tx:
            return [[e.id.int for _, e in await page(tx, span, **({"limit": 10} | how))] for span in spans]

    return with_trail(url, work)[0]


def test_looks_of_a_patient_are_releases_writes_and_refused_break_glass(database_url: str) -> None:
    looks, all_of_w, nobody = recorded(
        database_url, Span(patients=(W,), looks=True), Span(patients=(W,)), Span(patients=())
    )
    assert looks == [5, 3, 1]
    assert all_of_w == [6, 5, 4, 3, 1]
    assert nobody == []


def test_of_all_patients_together_and_of_several(database_url: str) -> None:
    v = reference_key("Patient", "v")
    everybody, both, looks = recorded(
        database_url, Span(), Span(patients=(W, v), looks=True), Span(patients=None, looks=True)
    )
    assert everybody == [6, 5, 4, 3, 2, 1]
    assert both == looks == [5, 3, 2, 1]


def test_a_span_of_time_takes_its_first_instant_and_leaves_its_last(database_url: str) -> None:
    span = Span(low=NOW + timedelta(minutes=1), high=NOW + timedelta(minutes=3))
    assert recorded(database_url, span) == [[3, 2]]


def test_a_page_ends_at_its_limit_and_goes_on_from_a_number(database_url: str) -> None:
    async def work(database: Database, trail: Trail) -> None:
        for entry in ENTRIES:
            await trail.record(entry)
        async with database.connection() as tx:
            first = await page(tx, Span(), limit=4)
            rest = await page(tx, Span(), top=first[-1][0] - 1, limit=4)
        assert [entry.id.int for _, entry in (*first, *rest)] == [6, 5, 4, 3, 2, 1]

    with_trail(database_url, work)


def test_what_several_asked_for_comes_in_one_order_page_by_page(database_url: str) -> None:
    fang, f01 = Span(agents=("Practitioner/fang",)), Span(agents=("Organization/F01",))
    both = Span(agents=("Practitioner/fang", "Organization/F01"), high=NOW + timedelta(minutes=5))
    first, second, together = recorded(database_url, fang, f01, both)
    assert (first, second, together) == ([4, 3, 2, 1], [6, 5], [5, 4, 3, 2, 1])

    async def work(database: Database, trail: Trail) -> None:
        async with database.connection() as tx:
            pages = [await page(tx, both, top=top, limit=2) for top in (5, 3, 1)]
        assert [[number for number, _ in found] for found in pages] == [[5, 4], [3, 2], [1]]

    with_trail(database_url, work)


@pytest.mark.parametrize("found", [True, False])
def test_one_entry_is_found_by_its_id(database_url: str, found: bool) -> None:
    async def work(database: Database, trail: Trail) -> None:
        await trail.record(read(7))
        async with database.connection() as tx:
            assert (await one(tx, read(7 if found else 8).id)) == (read(7) if found else None)

    with_trail(database_url, work)
