"""Editions that stand as no resource yet, put on the shelf: those that were loaded before there was one.

What they were loaded from is not at hand; the resource is made of their rows.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from asyncpg import Record

from hub.db.database import Database, Tx
from hub.fhir.json import loads
from hub.kernel.types import Json
from terminology.model import ABSTRACT, CODE_SYSTEM, CONCEPT_MAP, INACTIVE, Concept
from terminology.shelf import WHOLE, Shelf, element_of, resource_id, subsetted

_NEXT: Final = """
SELECT number, kind, url, version, total, head FROM term_edition WHERE ready AND resource IS NULL
ORDER BY number LIMIT 1 FOR UPDATE
"""
_STANDS: Final = "UPDATE term_edition SET resource = $2 WHERE number = $1"
_CONCEPTS: Final = """
SELECT c.code, c.display, c.flags, c.details,
  ARRAY(SELECT p.code FROM term_concept p WHERE p.edition = $1 AND p.number = ANY(c.parents) ORDER BY p.number) AS above
FROM term_concept c WHERE c.edition = $1 ORDER BY c.number
"""
_MAPPINGS: Final = """
SELECT source_system, target_system, source_code, target_code, target_display, equivalence, comment, depends, product
FROM term_mapping WHERE edition = $1 ORDER BY source_system, target_system, number
"""


async def reshelve(database: Database, shelf: Shelf) -> int:
    """Put them there, each in a transaction of its own, so that a cut costs nothing; how many there were."""
    count = 0
    while True:
        async with database.transaction() as tx:
            row = await tx.fetchrow(_NEXT)
            if row is None:
                return count
            rid = resource_id(row["kind"], row["url"], row["version"])
            await tx.execute(_STANDS, row["number"], rid)
            await shelf.put(tx, {**await _resource(tx, row), "id": rid})
        count += 1


async def _resource(tx: Tx, row: Record) -> Json:
    head: Json = loads(row["head"])
    if row["kind"] == CONCEPT_MAP:
        return head | _groups(head, await tx.fetch(_MAPPINGS, row["number"]))
    if row["kind"] != CODE_SYSTEM:
        return head
    head |= {"count": row["total"]}
    if row["total"] > WHOLE:
        return subsetted(head)
    concepts = [element_of(_concept(one), one["above"]) for one in await tx.fetch(_CONCEPTS, row["number"])]
    return head | ({"concept": concepts} if concepts else {})


def _concept(row: Record) -> Concept:
    return Concept(
        code=row["code"],
        display=row["display"],
        abstract=bool(row["flags"] & ABSTRACT),
        inactive=bool(row["flags"] & INACTIVE),
        details=loads(row["details"]),
    )


def _groups(head: Json, rows: list[Record]) -> Json:
    """The groups of the head, which it has without elements, each with its own."""
    by_systems = {systems: list(group) for systems, group in groupby(rows, itemgetter(0, 1))}
    groups = []
    for group in head.get("group", ()):
        of_it = by_systems.pop((group.get("source", ""), group.get("target", "")), [])
        elements = [_element(code, list(told)) for code, told in groupby(of_it, itemgetter(2))]
        groups.append({**group, **({"element": elements} if elements else {})})
    return {"group": groups} if groups else {}


def _element(code: str, rows: list[Record]) -> Json:
    return {**({"code": code} if code else {}), "target": [_target(row) for row in rows]}


def _target(row: Record) -> Json:
    told: dict[str, Any] = {
        "code": row["target_code"],
        "display": row["target_display"],
        "equivalence": row["equivalence"],
        "comment": row["comment"],
        "dependsOn": loads(row["depends"]) if row["depends"] else None,
        "product": loads(row["product"]) if row["product"] else None,
    }
    return {name: value for name, value in told.items() if value}
