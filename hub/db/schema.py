"""The check at every start: is the database's schema the newest this version of the hub knows?

The migrations are read as text, so that a process which only checks does not load Alembic.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import Category, HubError

SCRIPTS: Final = Path(__file__).parent / "migrations"

_REVISION: Final = re.compile(r"""^revision: str = ["']([^"']+)["']$""", re.MULTILINE)
_BEFORE: Final = re.compile(r"""^down_revision: str \| None = ["']([^"']+)["']$""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Revisions:
    """The migrations of a folder: all of them, and the newest (those that no other comes after)."""

    known: frozenset[str]
    newest: frozenset[str]


def revisions(scripts: Path = SCRIPTS) -> Revisions:
    """Read the folder `scripts`, the home of Alembic's `versions`."""
    texts = [path.read_text(encoding="utf-8") for path in (scripts / "versions").glob("*_*.py")]
    known = frozenset(found[1] for text in texts if (found := _REVISION.search(text)))
    return Revisions(known, known - {found[1] for text in texts if (found := _BEFORE.search(text))})


async def check(database: Database, *, scripts: Path = SCRIPTS) -> None:
    """Return if the schema is exactly the newest this version knows, else raise HubError UNAVAILABLE."""
    async with database.connection() as connection:
        known = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
        rows = await connection.fetch("SELECT version_num FROM alembic_version") if known else []
    found = {row["version_num"] for row in rows}
    there = revisions(scripts)
    refuse_unknown(there, found)
    if found != there.newest:
        what = f"is at {' '.join(sorted(found)) or 'nothing'}, not at {' '.join(sorted(there.newest))}"
        raise _refused(what, "run `yilian up` once, which brings it up to date")


def refuse_unknown(there: Revisions, found: Collection[str]) -> None:
    """Raise HubError UNAVAILABLE if the database is at a revision that is not among the migrations."""
    unknown = sorted(set(found) - there.known)
    if unknown:
        what = f"is at {' '.join(unknown)}, which this version does not know"
        raise _refused(what, "install the version of the hub that wrote it, or a newer one")


def _refused(what: str, todo: str) -> HubError:
    return HubError(Category.UNAVAILABLE, what, where="database schema", todo=todo, code="database-schema")
