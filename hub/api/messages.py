"""`/api/messages`: the inbox as engineers see it, masked unless they say why not; repair, replay, trials."""

from __future__ import annotations

import dataclasses
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Protocol

from hub.api.asked import (
    ENGINEERS,
    FILTER,
    EngineerOf,
    filter_of,
    flag,
    instant,
    member,
    members_only,
    message_number,
    number,
    parameter,
    raw_of,
    steps_of,
)
from hub.api.json_doors import Asking, Door, Handle, Told
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Translator
from hub.kernel.types import State
from hub.pipeline.chosen import Filter
from hub.pipeline.messages import Messages, Want
from hub.pipeline.repair import Repairs
from hub.pipeline.trials import Attempt, Trials

_PATH: Final = "/api/messages"
#: A message of ten megabytes in Base64, and what stands around it.
_LARGEST: Final = 16 * 1024 * 1024
#: Messages of one page.
_MOST: Final = 1000


class Tools(Protocol):
    """What the doors need of the workbench. `candidate` gives a feed's translator with a profile sent as text."""

    @property
    def messages(self) -> Messages: ...
    @property
    def repairs(self) -> Repairs: ...
    @property
    def trials(self) -> Trials: ...
    def candidate(self, feed: str, profile: str, /) -> Translator: ...


def message_doors(tools: Tools, engineer: EngineerOf) -> list[Door]:
    """Every door of single messages, and the replay of several."""
    return [*_looking(tools, engineer), *_mending(tools, engineer)]


def _looking(tools: Tools, engineer: EngineerOf) -> list[Door]:
    async def listed(ask: Asking) -> Told:
        limit = parameter(ask, "limit", number, "a number")
        before = parameter(ask, "before", number, "a number")
        most = min(_MOST, 100 if limit is None else limit)
        found = await tools.messages.find(engineer(ask), _asked(ask), limit=most, before=before)
        return Told(body={"messages": [dataclasses.asdict(summary) for summary in found]})

    async def summary(ask: Asking) -> Told:
        counts = await tools.messages.counts(engineer(ask))
        return Told(body={"messages": [dataclasses.asdict(count) for count in counts]})

    async def show(ask: Asking) -> Told:
        want = Want(**{name: parameter(ask, name, flag, "true or false") or False for name in ("parsed", "fhir")})
        return Told(body=(await tools.messages.show(message_number(ask), engineer(ask), want)).as_json())

    async def unmask(ask: Asking) -> Told:
        who = engineer(ask)
        members_only(ask, "reason", "parsed", "fhir")
        want = Want(parsed=member(ask, "parsed", bool, False), fhir=member(ask, "fhir", bool, False))
        reason = member(ask, "reason", str, "")
        return Told(body=(await tools.messages.unmask(message_number(ask), who, reason, want)).as_json())

    async def raw(ask: Asking) -> Told:
        who = engineer(ask)
        members_only(ask, "reason", "original")
        reason, original = member(ask, "reason", str, ""), member(ask, "original", bool, False)
        found = await tools.messages.raw(message_number(ask), who, reason, original=original)
        return Told(body={"raw": b64encode(found).decode(), "sha256": sha256(found).hexdigest()})

    wanted = {"parsed": "true: taken apart, with names of fields", "fhir": "true: with the resources it became"}
    return [
        _get("", "List messages, newest first", listed, "Messages", _FILTER),
        _get("/summary", "How many messages of each feed are in each state", summary, "MessageCounts"),
        _get("/{id}", "One message, its values masked", show, "Message", wanted),
        _post("/{id}/unmask", "One message with its values, for a reason; audited first", unmask, "Unmask", "Message"),
        _post("/{id}/raw", "The bytes of a message, for a reason; audited first", raw, "RawWanted", "Raw"),
    ]


def _mending(tools: Tools, engineer: EngineerOf) -> list[Door]:
    async def replay(ask: Asking) -> Told:
        who = engineer(ask)
        members_only(ask, "reason", *FILTER)
        if not any(ask.body.get(name) for name in FILTER):
            raise HubError(Category.INVALID, "chooses nothing", where="body", todo="name feed, states or numbers")
        return Told(body={"queued": await tools.repairs.replay(filter_of(ask), who, member(ask, "reason", str, ""))})

    async def attempt(ask: Asking) -> Told:
        who, message = engineer(ask), message_number(ask)
        members_only(ask, "raw", "steps", "profile")
        translator = None
        if "profile" in ask.body:
            feed = (await tools.messages.show(message, who)).summary.feed
            translator = tools.candidate(feed, member(ask, "profile", str, ""))
        tried = Attempt(raw=raw_of(ask), steps=steps_of(ask), translator=translator)
        return Told(body=dataclasses.asdict(await tools.trials.attempt(message, who, tried)))

    async def repair(ask: Asking) -> Told:
        who, message = engineer(ask), message_number(ask)
        members_only(ask, "raw", "reason")
        raw = raw_of(ask)
        if not raw:
            raise HubError(Category.INVALID, "is missing", where="body.raw", todo="send the message in Base64")
        await tools.repairs.repair(message, raw, who, member(ask, "reason", str, ""))
        return Told(body={"queued": [message]})

    return [
        _post("/replay", "Queue messages again under their own numbers", replay, "Replay", "Queued"),
        _post("/{id}/try", "Convert a message and store nothing: what would become of it", attempt, "Attempt", "Trial"),
        _post("/{id}/repair", "Let other bytes be processed in place of a dead letter's", repair, "Repair", "Queued"),
    ]


_FILTER: Final = {
    "feed": "Only of this feed",
    "state": "Only in these states, separated by commas",
    "code": "Only with this reason code",
    "kind": "Only of this event (ADT^A08) or type (ADT)",
    "control": "Only with this in the control id",
    "since": "Only received at or after this instant",
    "until": "Only received before this instant",
    "limit": f"At most so many, to {_MOST}",
    "before": "Only messages with a lower number",
}


def _asked(ask: Asking) -> Filter:
    states = ask.query.get("state", "")
    return Filter(
        feed=ask.query.get("feed"),
        states=parameter(ask, "state", _states, "a list of states") or () if states else (),
        code=ask.query.get("code"),
        kind=ask.query.get("kind"),
        control=ask.query.get("control"),
        since=parameter(ask, "since", instant, "an instant with its offset"),
        until=parameter(ask, "until", instant, "an instant with its offset"),
    )


def _states(text: str) -> tuple[State, ...]:
    return tuple(State(part) for part in text.split(","))


def _get(path: str, summary: str, handle: Handle, gives: str, query: Mapping[str, str] | None = None) -> Door:
    return Door(
        method="GET", path=_PATH + path, summary=summary, roles=ENGINEERS, handle=handle, gives=gives, query=query
    )


def _post(path: str, summary: str, handle: Handle, takes: str, gives: str) -> Door:
    return Door(
        method="POST",
        path=_PATH + path,
        summary=summary,
        roles=ENGINEERS,
        handle=handle,
        takes=takes,
        gives=gives,
        largest=_LARGEST,
    )
