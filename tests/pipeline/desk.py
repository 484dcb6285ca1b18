"""The engineer's desk over the pipeline of a test, and a witness that remembers what it was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Mender
from hub.kernel.types import Json, Part
from hub.pipeline.bulk import BulkRepairs
from hub.pipeline.deeds import Deed
from hub.pipeline.engineer import Engineer
from hub.pipeline.fhir_mask import Mask
from hub.pipeline.lenses import Lenses
from hub.pipeline.messages import Messages
from hub.pipeline.repair import Repairs
from hub.pipeline.trials import Trials
from hub.records.traces import Traces
from tests.pipeline.fake_feed import FEED, IDS, NOON, envelope
from tests.pipeline.hub_in_a_box import Box

ENGINEER: Final = Engineer(name="engineer")


class Remembering:
    """Implements `hub.pipeline.deeds.Witness` in memory; `fails` lets it refuse."""

    def __init__(self, *, fails: bool = False) -> None:
        self.deeds: list[Deed] = []
        self._fails = fails

    async def record(self, deed: Deed) -> None:
        if self._fails:
            raise HubError(Category.UNAVAILABLE, "the audit trail cannot be written")
        self.deeds.append(deed)

    async def append(self, _: Tx, deed: Deed) -> None:
        await self.record(deed)


def dissect(raw: bytes) -> tuple[Part, ...]:
    """A message of the fake feed: a segment for each member."""
    return tuple(
        Part(at=name, parts=(Part(at=f"{name}-1", text=str(value), field=str(value)),))
        for name, value in loads(raw).items()
    )


def mend(raw: bytes, steps: Sequence[Json]) -> bytes:
    """`{"set": "patient", "to": "A"}` sets a member, unless it is there; `{"drop": "trick"}` takes one out."""
    said = loads(raw)
    for step in steps:
        if "drop" in step:
            said.pop(step["drop"], None)
        elif "set" in step:
            said.setdefault(step["set"], step["to"])
        else:
            raise HubError(Category.INVALID, "is no step", where="steps")
    return raw if said == loads(raw) else dumps(said)


def lenses(hub: Box) -> Lenses:
    return Lenses({FEED: dissect}, lambda _: Mask(frozenset(), {}), Traces(hub.store, IDS))


def messages(hub: Box, witness: Remembering | None = None) -> Messages:
    return Messages(hub.database, witness or Remembering(), partial(lenses, hub))


def repairs(hub: Box, witness: Remembering | None = None) -> Repairs:
    return Repairs(hub.database, {FEED: envelope}, witness or Remembering(), fixed_clock(NOON))


def trials(hub: Box, witness: Remembering | None = None, menders: Mapping[str, Mender] | None = None) -> Trials:
    return Trials(
        hub.database,
        hub.ingest,
        hub.translators,
        {FEED: envelope},
        menders or {FEED: mend},
        lenses(hub),
        witness or Remembering(),
    )


def bulk(hub: Box, witness: Remembering | None = None) -> BulkRepairs:
    told = witness or Remembering()
    return BulkRepairs(hub.database, repairs(hub, told), trials(hub, told), told, fixed_clock(NOON))
