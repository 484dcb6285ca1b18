"""Asking a handful of resources in the words of the specification: what a search finds, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from hub.kernel.clock import fixed_clock
from hub.kernel.ports import Terms
from hub.kernel.types import Json
from hub.store.query import parse_query
from hub.store.store import Store
from hub.store.values import Found
from tests.store.conftest import Bench
from tests.store.support import EVERYTHING, NOW, write

BASE = "http://hub.test/fhir"


def search(
    bench: Bench, resources: Sequence[Json], query: str, *, count: int = 100, terms: Terms | None = None
) -> Found:
    """The first page of `Type?name=value&...` (as in a URL) over some resources that are not kept."""

    async def run() -> Found:
        store, transaction = Store(fixed_clock(NOW), terms=terms), bench.connection.transaction()
        await transaction.start()
        try:
            await store.save(bench.connection, [write(resource) for resource in resources])
            rtype, _, params = query.partition("?")
            parsed = parse_query(rtype or None, parse_qsl(params, keep_blank_values=True), now=NOW, base_url=BASE)
            size = parsed.count if parsed.count is not None else count
            return await store.search(bench.connection, parsed, EVERYTHING, count=size, total=parsed.total or "none")
        finally:
            await transaction.rollback()

    return bench.runner.run(run())


def found(bench: Bench, resources: Sequence[Json], query: str, *, terms: Terms | None = None) -> list[str]:
    """Ids of the matches in their order."""
    return [match.id for match in search(bench, resources, query, terms=terms).matches]


def matches(bench: Bench, resources: Sequence[Json], query: str, *, terms: Terms | None = None) -> str:
    """Ids of the matches in alphabetical order, joined by blanks."""
    return " ".join(sorted(found(bench, resources, query, terms=terms)))


def observation(rid: str, **elements: Any) -> Json:
    return {"resourceType": "Observation", "id": rid, "status": "final", **elements}


def patient(rid: str, **elements: Any) -> Json:
    return {"resourceType": "Patient", "id": rid, **elements}


def concept(*codings: str, text: str | None = None) -> Json:
    """A CodeableConcept of `system|code` or `code`."""
    pairs = [one.rpartition("|") for one in codings]
    listed = [{"system": system, "code": code} if system else {"code": code} for system, _, code in pairs]
    return {"coding": listed} if text is None else {"coding": listed, "text": text}
