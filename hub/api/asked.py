"""Reading the parameters of the JSON doors, and who works at the desk of the inbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, TypeVar

from hub.api.json_doors import Asking
from hub.auth.directory import Directory
from hub.kernel.errors import Category, HubError
from hub.pipeline.engineer import Engineer

T = TypeVar("T")

#: Roles with a door to the inbox (they have no clinical read).
ENGINEERS: Final = ("integration-engineer", "administrator")

#: Gives the engineer who asks. Raises HubError FORBIDDEN for every other role.
EngineerOf = Callable[[Asking], Engineer]


def engineer_of(directory: Directory) -> EngineerOf:
    """An engineer works on the feeds of his organisation's legal entity, an administrator on all."""

    def engineer(ask: Asking) -> Engineer:
        actor = ask.actor
        if actor.role not in ENGINEERS:
            raise HubError(Category.FORBIDDEN, "this role has no door to the inbox", where="role", code="role")
        every = actor.role == "administrator"
        return Engineer(
            name=actor.reference or actor.client,
            role=actor.role,
            organization=actor.organization,
            client=actor.client,
            token_id=actor.token_id,
            address=ask.origin.address,
            request=ask.origin.request,
            facilities=None if every else frozenset(directory.same_entity(actor.organization)),
        )

    return engineer


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
    if not isinstance(value, kind):
        raise HubError(Category.INVALID, f"is no {kind.__name__}", where=f"body.{name}", code="body")
    return value


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
        raise HubError(Category.INVALID, f"is not {what}", where=name, code="search-value") from None
