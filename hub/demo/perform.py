"""The whole demo: every system of the county side by side, the wait for what follows from it, then what people do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from hub.demo.calendar import Calendar
from hub.demo.community import postings
from hub.demo.feeding import hand_over
from hub.demo.images import objects
from hub.demo.modality import store
from hub.demo.parcels import parcels
from hub.demo.play import act, play, settle
from hub.demo.receiver import Receiver
from hub.demo.staff import staff
from hub.demo.stage import Stage
from hub.demo.story import data, persons, sendings
from hub.demo.tokens import Clients
from hub.demo.workstation import write

#: Invented persons beside those of the story.
BACKGROUND: Final = 150
#: Of them, those whose blood pressure F04 follows up.
FOLLOWED: Final = 60


class Doors(Protocol):
    """Where a hub listens, by feed."""

    @property
    def mllp(self) -> Mapping[str, int]: ...

    @property
    def dicom(self) -> Mapping[str, int]: ...


async def perform(
    doors: Doors,
    known: Clients,
    stage: Stage,
    his: Receiver,
    calendar: Calendar,
    seed: int,
    told: Callable[[int], Callable[[str], None]],
) -> dict[str, Any]:
    """Play the demo; what was sent, taken, written and done. `told`: shows how many of how many messages are answered.

    Raises HubError where the hub refuses or does not answer.
    """
    messages = list(sendings(BACKGROUND, seed, calendar))
    await asyncio.to_thread(act, stage, "preparations.yaml")
    codes, written, taken, images = await asyncio.gather(
        play(messages, doors.mllp, told(len(messages))),
        write(postings(data("community.yaml"), persons(), staff(), calendar), stage.actor),
        hand_over(parcels(FOLLOWED, seed, calendar), lambda facility: known("feed", facility)),
        store(list(objects(calendar)), doors.dicom["F01-pacs"]),
    )
    await settle(stage.actor("administrator"))
    acts = await asyncio.to_thread(act, stage)
    await his.heard(data("expectations.yaml")["told"])
    return {
        "sent": len(messages),
        "acknowledgements": dict(codes),
        "written": written,
        "taken": taken,
        "images": images,
        "acts": acts,
        "told": dict(his.told),
    }
