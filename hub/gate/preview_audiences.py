"""For whom a preview is made: the facilities, the family doctors, an emergency, and the secondary uses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from consent.tables import (
    BREAK_THE_GLASS,
    CLINICIAN,
    ENTERPRISE,
    FAMILY_DOCTOR,
    REGIONAL_CENTRE,
    RESEARCHER,
)
from hub.auth.actor import Actor
from hub.auth.directory import PREFIX, Directory
from hub.auth.roles import AGGREGATE, IDENTIFIED
from hub.kernel.types import Json

_LASTS: Final = timedelta(hours=1)
_REASON: Final = "?"


class Who(StrEnum):
    """Kinds of audiences."""

    FACILITY = "facility"
    FAMILY_DOCTOR = "family-doctor"
    EMERGENCY = "emergency"
    QUALITY = "quality"
    RESEARCH = "research"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Somebody who might look. `treats`: as if the facility looked after the patient; `ethics` as the rules take it."""

    who: Who
    actor: Actor
    treats: bool = False
    ethics: Json | None = None


def audiences(directory: Directory, doctors: Iterable[tuple[str, str]], at: datetime) -> Iterator[Audience]:
    """All of them. `doctors` are the patient's family doctors (reference, facility code) at this instant."""
    for code in directory.codes:
        for treats in (False, True):
            yield Audience(who=Who.FACILITY, actor=_actor(CLINICIAN, "TREAT", at, code), treats=treats)
    for reference, code in doctors:
        yield Audience(who=Who.FAMILY_DOCTOR, actor=_actor(FAMILY_DOCTOR, "TREAT", at, code, practitioner=reference))
    # Of no facility in particular, so that nothing is open to it for another reason.
    glass = _actor(CLINICIAN, BREAK_THE_GLASS, at, break_glass=_REASON)
    yield Audience(who=Who.EMERGENCY, actor=glass)
    yield Audience(who=Who.QUALITY, actor=_actor(REGIONAL_CENTRE, "HQUALIMP", at, form=AGGREGATE))
    some = next(iter(directory.codes), "")
    lasting = {"start": at.isoformat(), "end": (at + _LASTS).isoformat()}
    approved: Json = {"id": "?", "status": "approved", "organization": PREFIX + some, "period": lasting}
    research = _actor(RESEARCHER, "HRESCH", at, some, form=AGGREGATE)
    yield Audience(who=Who.RESEARCH, actor=research, ethics=approved)
    yield Audience(who=Who.ENTERPRISE, actor=_actor(ENTERPRISE, "PRODRD", at, form=AGGREGATE))


def _actor(
    role: str,
    purpose: str,
    at: datetime,
    organization: str = "",
    *,
    practitioner: str | None = None,
    form: str = IDENTIFIED,
    break_glass: str | None = None,
) -> Actor:
    return Actor(
        role=role,
        purpose=(purpose,),
        client="preview",
        token_id="",
        expires=at + _LASTS,
        organization=organization,
        practitioner=practitioner,
        form=form,
        break_glass=break_glass,
        issued=at,
    )
