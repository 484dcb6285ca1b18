"""Reading the parameters of the JSON doors, and who works at the desk of the inbox."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, TypeVar

from hub.api.json_doors import Asking
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.gate.origin import Origin
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json, State
from hub.pipeline.chosen import Filter
from hub.pipeline.engineer import Engineer

T = TypeVar("T")

#: How JSON names what Python does.
_JSON: Final = {str: "string", int: "integer", bool: "boolean", list: "array"}
#: Pre-processors one request may bring.
MOST_STEPS: Final = 50
#: What PostgreSQL holds.
MOST_NUMBER: Final = 2**63 - 1

#: Roles with a door to the inbox (they have no clinical read).
ENGINEERS: Final = ("integration-engineer", "administrator")

#: Gives the engineer who asks. Raises HubError FORBIDDEN for every other role.
EngineerOf = Callable[[Asking], Engineer]


def engineer_of(directory: Directory) -> EngineerOf:
    """An engineer works on the feeds of his organisation's legal entity, an administrator on all."""

    def engineer(ask: Asking) -> Engineer:
        if ask.actor.role not in ENGINEERS:
            raise HubError(Category.FORBIDDEN, "this role has no door to the inbox", where="role", code="role")
        return at_work(ask.actor, ask.origin, directory)

    return engineer


def at_work(actor: Actor, origin: Origin, directory: Directory) -> Engineer:
    """Whoever asks, as the audit keeps it: for the feeds of the legal entity, an administrator for all."""
    every = actor.role == "administrator"
    return Engineer(
        name=actor.reference or actor.client,
        role=actor.role,
        organization=actor.organization,
        client=actor.client,
        token_id=actor.token_id,
        address=origin.address,
        request=origin.request,
        facilities=None if every else frozenset(directory.same_entity(actor.organization)),
    )


def parameter(ask: Asking, name: str, read: Callable[[str], T], what: str) -> T | None:
    """A parameter of the query as `read` gives it, None where it is absent. Raises HubError INVALID."""
    text = ask.query.get(name)
    return None if text is None else _read(text, name, read, what)


def day(ask: Asking, name: str) -> date | None:
    """A day such as 2026-11-24."""
    return parameter(ask, name, date.fromisoformat, "a day such as 2026-11-24")


def instant(text: str) -> datetime:
    """An instant with its offset. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return found


def number(text: str) -> int:
    """A whole number as PostgreSQL holds it, not negative. Raises ValueError."""
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise ValueError
    return int(text)


def flag(text: str) -> bool:
    """`true` or `false`. Raises ValueError."""
    return {"true": True, "false": False}[text]


def member(ask: Asking, name: str, kind: type[T], default: T) -> T:
    """A member of the body. Raises HubError INVALID where it is something else."""
    value: Any = ask.body.get(name, default)
    if isinstance(value, str) and "\0" in value:
        raise HubError(Category.INVALID, "has U+0000, which no database keeps", where=f"body.{name}", code="body")
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise HubError(Category.INVALID, f"is no {_JSON[kind]}", where=f"body.{name}", code="body")
    return value


def text(ask: Asking, name: str) -> str:
    """A text of the body that says something. Raises HubError INVALID."""
    found = member(ask, name, str, "").strip()
    if not found:
        raise HubError(Category.INVALID, "is missing", where=f"body.{name}", code="body")
    return found


def members_only(ask: Asking, *names: str) -> None:
    """Raises HubError INVALID for a member of the body that nobody reads."""
    strangers = ask.body.keys() - set(names)
    if strangers:
        raise HubError(Category.INVALID, "has members nobody reads", where="body", code="body")


def raw_of(ask: Asking) -> bytes | None:
    """The message in `raw`, Base64; None where it is absent. Raises HubError INVALID."""
    text = member(ask, "raw", str, "")
    try:
        return b64decode(text, validate=True) if "raw" in ask.body else None
    except ValueError:
        raise HubError(Category.INVALID, "is no Base64", where="body.raw", code="body") from None


def steps_of(ask: Asking) -> tuple[Json, ...]:
    """The pre-processors in `steps`. Raises HubError INVALID."""
    steps = member(ask, "steps", list, [])
    if len(steps) > MOST_STEPS or not all(isinstance(step, dict) for step in steps):
        raise HubError(Category.INVALID, "is no list of steps", where="body.steps", code="body")
    return tuple(steps)


#: Members of a body that `filter_of` reads.
FILTER: Final = ("feed", "states", "code", "since", "until", "numbers", "kind", "control")


def filter_of(ask: Asking) -> Filter:
    """The messages a body chooses. Raises HubError INVALID."""
    states, numbers = member(ask, "states", list, []), member(ask, "numbers", list, [])
    if not all(isinstance(one, int) and 0 <= one < MOST_NUMBER for one in numbers):
        raise HubError(Category.INVALID, "is no list of message numbers", where="body.numbers", code="body")
    words: dict[str, Any] = {name: member(ask, name, str, "") or None for name in ("feed", "code", "kind", "control")}
    times: dict[str, Any] = {name: moment(ask, name) for name in ("since", "until")}
    return Filter(
        **words,
        **times,
        states=tuple(_read(str(s), "body.states", State, "a state") for s in states),
        numbers=tuple(numbers),
    )


def moment(ask: Asking, name: str) -> datetime | None:
    """An instant in the body, None where it is absent. Raises HubError INVALID."""
    text = member(ask, name, str, "")
    return _read(text, f"body.{name}", instant, "an instant with its offset") if text else None


def message_number(ask: Asking) -> int:
    """The message a path names. Raises HubError NOT_FOUND for what is no number."""
    try:
        return number(ask.id)
    except ValueError:
        raise HubError(Category.NOT_FOUND, "no message has this number", where="URL", code="no-message") from None


def _read(text: str, name: str, read: Callable[[str], T], what: str) -> T:
    try:
        return read(text)
    except (ValueError, KeyError):
        code = "body" if name.startswith("body.") else "search-value"
        raise HubError(Category.INVALID, f"is not {what}", where=name, code=code) from None
