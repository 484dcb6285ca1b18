"""`/api/device-bindings`: whose a device is, from when until when, said by those who hand it out.

A facility binds the devices of its own feeds to its own patients. Who runs the feeds sees that a device is bound, and
not to whom.
"""

from __future__ import annotations

from typing import Final

from hub.api.asked import ENGINEERS, at_work, member, members_only, moment, number, text
from hub.api.json_doors import Asking, Door, Told
from hub.auth.directory import Directory
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.pipeline.devices.bindings import Bindings, Bound, Wanted
from hub.pipeline.engineer import Engineer

PATH: Final = "/api/device-bindings"
#: Roles that bind devices to patients of their facility.
BINDERS: Final = ("clinician", "family-doctor", "feed")
#: The system that hands devices out finds again what it bound.
_READERS: Final = ("feed", *ENGINEERS)


def binding_doors(bindings: Bindings, directory: Directory, clock: Clock) -> list[Door]:
    """Binding, ending, listing."""

    async def bind(ask: Asking) -> Told:
        who = _admitted(ask, BINDERS, directory)
        members_only(ask, "feed", "device", "patient", "start", "end", "reason")
        patient = text(ask, "patient")
        wanted = Wanted(
            feed=text(ask, "feed"),
            device=text(ask, "device"),
            patient=patient.removeprefix("Patient/"),
            start=moment(ask, "start") or clock(),
            end=moment(ask, "end"),
        )
        made = await bindings.bind(who, wanted, member(ask, "reason", str, ""))
        return Told(body=made.as_json(), status=201, location=f"{PATH}/{made.number}")

    async def end(ask: Asking) -> Told:
        who = _admitted(ask, BINDERS, directory)
        members_only(ask, "end", "reason")
        made = await bindings.end(who, _number(ask), moment(ask, "end"), member(ask, "reason", str, ""))
        return Told(body=made.as_json())

    async def listed(ask: Asking) -> Told:
        who = _admitted(ask, _READERS, directory)
        found = await bindings.listed(who, ask.query.get("feed", ""), ask.query.get("device"))
        return Told(body={"bindings": [_shown(made, ask.actor.role) for made in found]})

    return [
        Door(
            method="GET",
            path=PATH,
            summary="The newest bindings of the devices of a feed; to whom, for the facility's own system alone",
            roles=_READERS,
            handle=listed,
            gives="DeviceBindings",
            query={"feed": "Name of the feed", "device": "Number of a device; absent: of all"},
        ),
        Door(
            method="POST",
            path=PATH,
            summary="Bind a device to a patient of the facility from an instant on; readings that waited are taken",
            roles=BINDERS,
            handle=bind,
            takes="NewDeviceBinding",
            gives="DeviceBinding",
            status=201,
        ),
        Door(
            method="POST",
            path=PATH + "/{id}/end",
            summary="Let a device be this patient's no longer",
            roles=BINDERS,
            handle=end,
            takes="EndOfDeviceBinding",
            body_needed=False,
            gives="DeviceBinding",
        ),
    ]


def _admitted(ask: Asking, roles: tuple[str, ...], directory: Directory) -> Engineer:
    if ask.actor.role not in roles:
        raise HubError(Category.FORBIDDEN, "this role has no door to devices", where="role", code="role")
    return at_work(ask.actor, ask.origin, directory)


def _number(ask: Asking) -> int:
    try:
        return number(ask.id)
    except ValueError:
        raise HubError(Category.NOT_FOUND, "no binding has this number", where="URL", code="no-binding") from None


def _shown(made: Bound, role: str) -> Json:
    told = made.as_json()
    return told if role == "feed" else {name: value for name, value in told.items() if name != "patient"}
