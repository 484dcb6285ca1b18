"""`/api/device-senders`: which devices and gateways may send to a feed, for administrators. As `yilian device` does."""

from __future__ import annotations

from typing import Final

from hub.api.asked import at_work, member, members_only, text
from hub.api.json_doors import Asking, Door, Told
from hub.auth.directory import Directory
from hub.auth.roles import ADMINISTRATOR
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.pipeline.devices.senders import Senders
from hub.pipeline.engineer import Engineer

PATH: Final = "/api/device-senders"
_ROLES: Final = (ADMINISTRATOR,)


def sender_doors(senders: Senders, directory: Directory) -> list[Door]:
    """Registering, stopping, listing."""

    async def register(ask: Asking) -> Told:
        who = _admitted(ask, directory)
        members_only(ask, "feed", "name", "gateway", "signs")
        feed, name = text(ask, "feed"), text(ask, "name")
        gateway, signs = (member(ask, each, bool, False) for each in ("gateway", "signs"))
        secret = await senders.register(who, feed, name, gateway=gateway, signs=signs)
        told = {"feed": feed, "name": name, "gateway": gateway, "signs": signs, "secret": secret}
        return Told(body=told, status=201)

    async def stop(ask: Asking) -> Told:
        who = _admitted(ask, directory)
        members_only(ask, "feed", "name")
        feed, name = text(ask, "feed"), text(ask, "name")
        await senders.stop(who, feed, name)
        return Told(body={"feed": feed, "name": name, "disabled": True})

    async def listed(ask: Asking) -> Told:
        who = _admitted(ask, directory)
        rows = await senders.listed(who, ask.query.get("feed", ""))
        return Told(body={"senders": [_told(row) for row in rows]})

    return [
        Door(
            method="GET",
            path=PATH,
            summary="The devices and gateways that may send to a feed, without their secrets",
            roles=_ROLES,
            handle=listed,
            gives="DeviceSenders",
            query={"feed": "Name of the feed"},
        ),
        Door(
            method="POST",
            path=PATH,
            summary="Let a device or gateway send, or give it a new secret, which is shown this once",
            roles=_ROLES,
            handle=register,
            takes="NewDeviceSender",
            gives="DeviceSenderSecret",
            status=201,
        ),
        Door(
            method="POST",
            path=PATH + "/stop",
            summary="Let a device or gateway send no more; its secret is worth nothing from now on",
            roles=_ROLES,
            handle=stop,
            takes="DeviceSenderNamed",
            gives="StoppedDeviceSender",
        ),
    ]


def _told(row: Json) -> Json:
    told = {name: value for name, value in row.items() if name != "made_at"}
    return {**told, "madeAt": row["made_at"]}


def _admitted(ask: Asking, directory: Directory) -> Engineer:
    if ask.actor.role not in _ROLES:
        raise HubError(Category.FORBIDDEN, "this role registers no devices", where="role", code="role")
    return at_work(ask.actor, ask.origin, directory)
