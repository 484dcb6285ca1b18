"""One request of the demo as its data files write it: who asks, what, and the names that stand for ids.

A request is a mapping: `as` is a key of `actors.yaml`, of `staff.yaml`, or the code of a facility (any clinician of
it); `get`, `post` or `put` is a path below the hub's address, `body` the JSON that goes with it. With `signed` the
device of that number signs it with its own secret; with `topic` it is published there where there is a broker. In all
texts `{day:-9}` and `{hour:+24}` are filled by the calendar, and names such as `{P1@F01}` by what `names.yaml` says of
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from hub.demo.ask import Client, Reply
from hub.demo.calendar import Calendar
from hub.demo.devices import Bands, publish
from hub.demo.staff import Staff, staff
from hub.demo.story import data
from hub.demo.tokens import Clients
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError

Request = Mapping[str, Any]

METHODS: Final = ("get", "post", "put")

_NAME: Final = re.compile(r"\{(\w+@\w+)\}")


class Stage:
    """Performs requests against one hub. Tokens and ids that were asked for once are kept."""

    def __init__(self, clients: Clients, calendar: Calendar, broker: int = 0) -> None:
        """`broker` is the port of the MQTT broker, 0 where there is none."""
        self._clients: Final = clients
        self.calendar: Final = calendar
        self._broker: Final = broker
        self._bands: Final = Bands(lambda: self.actor("administrator"))
        self._ids: Final[dict[str, str]] = {}
        self._known: Final[dict[str, Client]] = {}

    def perform(self, request: Request) -> Reply:
        """The hub's answer, a refusal too. Raises HubError INVALID for a request that is none, NOT_FOUND for a name
        that stands for nothing, UNAVAILABLE when the hub does not answer."""
        method = next((name for name in METHODS if name in request), None)
        if method is None:
            raise HubError(Category.INVALID, "has neither get, post nor put", where=str(request.get("says", "request")))
        path, body = self.filled(request[method]), self.filled(request.get("body"))
        if "signed" in request:
            return self._bands.send(path, request["signed"], dumps(body))
        if "topic" in request and self._broker:
            feed = path.rpartition("/")[2]
            return publish(self._broker, request["topic"], dumps(body), feed, self.actor("administrator"))
        return self.actor(request["as"]).call(method.upper(), path, body)

    def actor(self, name: str) -> Client:
        """The client of an actor."""
        if name not in self._known:
            self._known[name] = self._client(name)
        return self._known[name]

    def filled(self, value: Any) -> Any:
        """`value` with every placeholder in its texts replaced."""
        if isinstance(value, str):
            return _NAME.sub(lambda found: self.meant(found[1]), self.calendar.fill(value))
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, Mapping):
            return {name: self.filled(item) for name, item in value.items()}
        return value

    def meant(self, name: str) -> str:
        """What a name such as `P1@F01` stands for."""
        if name not in self._ids:
            self._ids[name] = self._find(name)
        return self._ids[name]

    @cached_property
    def _staff(self) -> Mapping[str, Staff]:
        return staff()

    @cached_property
    def _actors(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = data("actors.yaml")
        return found

    @cached_property
    def _names(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = data("names.yaml")
        return found

    def _client(self, name: str) -> Client:
        if name in self._staff:
            return self._of_staff(self._staff[name])
        if name not in self._actors:
            return self._clients("clinician", name)
        rights = {key: self.filled(value) for key, value in self._actors[name].items()}
        if "staff" in rights:
            return self._of_staff(self._staff[rights.pop("staff")], **rights)
        return self._clients(**rights)

    def _of_staff(self, person: Staff, **rights: Any) -> Client:
        return self._clients(person.role, person.facility, practitioner=person.id, **rights)

    def _find(self, name: str) -> str:
        """By a number: the one patient who has it at the facility after the @. By a request: what stands at a path, or
        at that path in the one item that holds a text of the list at another."""
        asked = self._names[name]
        if isinstance(asked, str):
            asked = {
                "as": name.partition("@")[2],
                "get": f"fhir/Patient?identifier={asked}",
                "at": "entry.0.resource.id",
            }
        reply = self.perform(asked)
        found = at(self._told(asked, reply.content), asked["at"])
        if reply.status != 200 or found is None or at(reply.content, "entry.1.resource.id") is not None:
            raise HubError(Category.NOT_FOUND, "stands for nothing, or for several", where=name, todo="see names.yaml")
        return str(found)

    def _told(self, asked: Request, content: Any) -> Any:
        """The answer; of a list at `among` the item that holds a text, if one is named."""
        if "among" not in asked:
            return content
        held = self.filled(asked["holds"])
        return next((item for item in at(content, asked["among"]) or () if held in dumps(item).decode()), None)


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path in JSON; None where nothing does."""
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
