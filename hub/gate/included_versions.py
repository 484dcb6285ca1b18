"""What is included by a reference that names a version: that version (R4 search.html#versions, "the specified version
SHOULD be provided").

A version is judged as a read of it judges it, by the stricter of what held then and what holds now. The one that stands
is given in the place of one that is not there, was a deletion, is of another record or may not be seen: the four look
alike.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from hub.db.database import Tx
from hub.gate.cases import Cases
from hub.gate.checks import look_up_all
from hub.gate.door import Door
from hub.gate.release import decide_version
from hub.kernel.ids import reference_key
from hub.store.values import Stored

#: A Reference.reference as it stands in a compact body; see hub.fhir.pointers.
_REFERENCE: Final = re.compile(
    rb'"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([1-9][0-9]{0,8}))?"'
)
_NAMING: Final = b"/_history/"


def name_a_version(rows: Sequence[Stored]) -> bool:
    """Whether any of the rows may name a version: most pages name none, and are not looked through."""
    return any(_NAMING in row.body for row in rows)


async def versions_named(
    door: Door, tx: Tx, cases: Cases, included: Sequence[Stored], rows: Sequence[Stored]
) -> list[Stored]:
    """The superseded versions of what is included that `rows` (all of the page) name and that may be seen."""
    current = {row.reference: row for row in included}
    named = {
        (target.pkey, reference_key(*target.reference), version)
        for row in rows
        for reference, versions in _named_by(row).items()
        if (target := current.get(reference)) is not None
        for version in versions - {None, target.version}
        if version is not None
    }
    found = [then for then in await door.store.load_exact(tx, sorted(named)) if not then.deleted]
    await look_up_all(tx, cases, found)
    permitted = [then for then in found if decide_version(cases, then, current[then.reference]).permitted]
    return sorted(permitted, key=lambda then: (then.reference, then.version))


def in_place_of(included: Sequence[Stored], exact: Sequence[Stored], rows: Sequence[Stored]) -> list[Stored]:
    """What is included, with versions that were named: the one that stands only where something names it, too."""
    given: dict[tuple[str, str], list[Stored]] = defaultdict(list)
    for then in exact:
        given[then.reference].append(then)
    named: dict[tuple[str, str], set[int | None]] = defaultdict(set)
    for row in rows:
        for reference, versions in _named_by(row).items():
            named[reference] |= versions
    told: list[Stored] = []
    for row in included:
        thens = given.get(row.reference, [])
        others = named[row.reference] - {then.version for then in thens}
        told += [*([row] if others or not thens else []), *thens]
    return told


def _named_by(row: Stored) -> dict[tuple[str, str], set[int | None]]:
    """What a row refers to, (type, id), each with the versions it names; None stands for naming none."""
    found: dict[tuple[str, str], set[int | None]] = defaultdict(set)
    for kind, rid, version in _REFERENCE.findall(row.body):
        found[kind.decode(), rid.decode()].add(int(version) if version else None)
    return found
