"""The way of images, which the hub does not hold: who may see a study may see its images, identified as they are."""

from __future__ import annotations

from typing import Final

from consent.tables import IDENTIFIED
from hub.fhir.json import loads
from hub.gate import instances
from hub.gate.door import Door, not_found
from hub.gate.recorder import Asked
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError

#: Status of a study that is none, or was made for the wrong patient.
_VOID: Final = frozenset({"entered-in-error", "cancelled"})


async def read(door: Door, asked: Asked) -> Released:
    """The study, its release recorded. Raises HubError NOT_FOUND for one that is absent, denied or void."""
    if asked.actor.form != IDENTIFIED:
        await door.recorder.refused(asked, "form-not-available")
        what = "images are released as they are, with names in them"
        raise HubError(Category.FORBIDDEN, what, where="access token", code="form-not-available")
    study = await instances.read(door, asked)
    if study.deleted or loads(study.body).get("status") in _VOID:
        raise not_found()
    return study
