"""Which database errors mean that the database, not the statement, is at fault: they become HubError UNAVAILABLE."""

from __future__ import annotations

from typing import Final

import asyncpg

from hub.kernel.errors import Category, HubError

_WHERE: Final = "database"

#: What the library and the socket raise on a lost connection (and, but for OSError, on wrong use of an open one).
_LOSSES: Final = (asyncpg.InterfaceError, OSError)

#: SQLSTATE prefix -> (stable code, what, what to do). PostgreSQL manual, appendix A.
_STATES: Final = (
    ("57014", "database-timeout", "gave up on a statement that took too long", "ask for less, or try again"),
    ("53100", "database-full", "its disk is full", "free space on the database's disk"),
    ("53", "database-overloaded", "is out of memory or connections", "try again"),
    ("08", "database-away", "the connection was lost", "try again"),
    ("57P", "database-away", "is starting, stopping or was restarted", "try again"),
    ("58", "database-broken", "met an error of its machine", "look at the database's log and disk"),
    ("25006", "database-read-only", "is read-only", "point the hub to the primary server"),
    ("40", "database-collision", "rolled back because of a concurrent change", "try again"),
    ("55P03", "database-collision", "could not lock a row in time", "try again"),
)


def translated(error: BaseException, *, connected: bool = True) -> HubError | None:
    """The HubError UNAVAILABLE that `error` stands for, or None when it is a fault of the statement or of our code.

    `connected` says whether the connection it happened on is still open: a library error on a closed one is a loss.
    So is one by which the library says that it lost track, as it does when the server ends a connection in the middle
    of a COPY. The text of the original is left out, since it may repeat values.
    """
    if isinstance(error, asyncpg.PostgresError):
        return _by_state(error.sqlstate or "")
    if isinstance(error, TimeoutError):
        return _unavailable("database-timeout", "did not answer in time", "try again")
    if isinstance(error, asyncpg.InternalClientError) or (isinstance(error, _LOSSES) and not connected):
        return _unavailable("database-away", "cannot be reached", "check that it runs; try again")
    return None


def _by_state(state: str) -> HubError | None:
    for prefix, code, what, todo in _STATES:
        if state.startswith(prefix):
            return _unavailable(code, what, todo)
    return None


def refused_login(error: asyncpg.PostgresError) -> HubError:
    """A server that answers but will not let us in: wrong password, no such database, not ready."""
    known = _by_state(error.sqlstate or "")
    return known or _unavailable("database-login", f"refuses the login ({error.sqlstate})", "check YILIAN_DATABASE_URL")


def busy() -> HubError:
    """Every connection of the pool stayed in use for too long."""
    return _unavailable("database-busy", "has no free connection", "try again")


def closed() -> HubError:
    """The pool was closed."""
    return _unavailable("database-closed", "the hub is stopping", "try again")


def _unavailable(code: str, what: str, todo: str) -> HubError:
    return HubError(Category.UNAVAILABLE, what, where=_WHERE, todo=todo, code=code)
