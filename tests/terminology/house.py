"""A database with small code systems, value sets and maps, and the service over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from hub.db.database import Database
from hub.kernel.types import Json
from terminology.catalogue import Catalogues
from terminology.fhir_source import ResourceSource
from terminology.loading import Loader
from terminology.service import Terminology

T = TypeVar("T")

DISEASES: Final = "https://example.org/diseases"
WHEN: Final = datetime(2026, 5, 20, tzinfo=UTC)


def said(language: str, value: str) -> Json:
    return {"language": language, "value": value}


def prop(code: str, value: str) -> Json:
    return {"code": code, "valueCode": value}


def code_system(*concepts: Json, url: str = DISEASES, version: str = "1", **more: Any) -> Json:
    return {
        **{"resourceType": "CodeSystem", "url": url, "version": version, "name": "Diseases", "status": "active"},
        **{"content": "complete", "caseSensitive": True, "hierarchyMeaning": "is-a", "concept": list(concepts)},
        **more,
    }


def diseases(version: str = "1", **more: Any) -> Json:
    """Diseases under two parents each, as in SNOMED CT; I15 is retired."""
    return code_system(
        {"code": "C", "display": "循环系统疾病", "designation": [said("en", "Circulatory disease")]},
        {"code": "E", "display": "内分泌疾病", "designation": [said("en", "Endocrine disease")]},
        {
            "code": "I10",
            "display": "原发性高血压",
            "definition": "没有其他病因的血压升高",
            "designation": [said("en", "Essential hypertension")],
            "property": [prop("parent", "C"), prop("chapter", "IX")],
        },
        {
            "code": "I15",
            "display": "继发性高血压",
            "property": [prop("parent", "C"), prop("parent", "E"), prop("status", "retired"), prop("chapter", "IX")],
        },
        {
            "code": "E11",
            "display": "2型糖尿病",
            "designation": [said("en", "Type 2 diabetes mellitus")],
            "property": [prop("parent", "E"), prop("chapter", "IV")],
        },
        {"code": "I10.1", "display": "高血压1级", "property": [prop("parent", "I10")]},
        version=version,
        **more,
    )


def value_set(url: str, *include: Json, exclude: tuple[Json, ...] = (), **more: Any) -> Json:
    compose = {"include": list(include), **({"exclude": list(exclude)} if exclude else {})}
    return {"resourceType": "ValueSet", "url": url, "status": "active", "compose": compose, **more}


def of(system: str = DISEASES, *filters: tuple[str, str, str], **more: Any) -> Json:
    found = [dict(zip(("property", "op", "value"), one, strict=True)) for one in filters]
    return {"system": system, **({"filter": found} if found else {}), **more}


class House:
    """A database, a loader and a service that sees every change at once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.loader = Loader(database, lambda: WHEN)
        self.terms = Terminology(database, Catalogues(database))

    async def load(self, *resources: Json, current: bool = True) -> None:
        for resource in resources:
            if resource["resourceType"] == "CodeSystem":
                await self.loader.code_system(ResourceSource(resource), current=current)
            else:
                await self.loader.resource(resource, current=current)
        self.terms.catalogues.forget()


@asynccontextmanager
async def house(url: str) -> AsyncIterator[House]:
    database = await Database.connect(url, size=4)
    try:
        yield House(database)
    finally:
        await database.close()


def in_house(url: str, visit: Callable[[House], Awaitable[T]]) -> T:
    async def run() -> T:
        async with house(url) as home:
            return await visit(home)

    return asyncio.run(run())
