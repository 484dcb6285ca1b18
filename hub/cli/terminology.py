"""`yilian terminology`: load code systems, value sets and concept maps, and say which version is in force."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress

from hub.bootstrap.built_in import everything_built_in
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.terminology import TerminologyDesk, terminology_database
from hub.cli.listing import AsJson, print_json, print_table
from hub.cli.spreadsheet import WORKBOOK, as_csv
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.run.installation import database_of
from hub.run.instances import data_folder, registry
from terminology import catalogue
from terminology.csv_map import map_of_csv
from terminology.csv_source import CsvSource
from terminology.distribution import distribution
from terminology.fhir_source import resources
from terminology.loading import Loaded
from terminology.loading import Progress as Show
from terminology.model import CODE_SYSTEM, Source

app = typer.Typer(no_args_is_help=True, help="Code systems, value sets and concept maps.")

#: Without what was replaced and is about to be dropped (terminology.stored).
_LISTED: Final = """
SELECT kind, url, version, current, ready, total FROM term_edition
WHERE ready OR version NOT LIKE '% before ' || number ORDER BY kind, url, abs(number)
"""

_HEAD: Final = {
    **{"resourceType": CODE_SYSTEM, "content": "complete", "caseSensitive": True},
    "hierarchyMeaning": "is-a",
}

#: What is wrong with one resource alone.
_OWN_FAULTS: Final = frozenset({Category.INVALID, Category.CONFLICT, Category.TOO_LARGE})

_TABLES: Final = frozenset({".csv", ".tsv", ".txt", WORKBOOK})

Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
Url = Annotated[str | None, typer.Option("--database", help="The database instead (postgresql://...).")]
Kind = Annotated[str, typer.Option(help="CodeSystem, ValueSet or ConceptMap.")]
Canonical = Annotated[str, typer.Argument(help="Its url.")]

_Desk = AbstractAsyncContextManager[TerminologyDesk]


@app.command()
def load(
    file: Annotated[
        Path,
        typer.Argument(
            help="A table: CSV (.tsv and .txt too) or Excel (.xlsx); FHIR: JSON, NDJSON or a package (tgz); "
            "LOINC or SNOMED CT (RF2): the zip, or its folder."
        ),
    ],
    system: Annotated[str, typer.Option(help="Table: url of the code system, or of the concept map.")] = "",
    version: Annotated[str, typer.Option(help="Table, and where a distribution does not tell it: its version.")] = "",
    title: Annotated[str, typer.Option(help="Table: its name for people.")] = "",
    source: Annotated[str, typer.Option(help="Table: whose it is, and by what right it is used.")] = "",
    column: Annotated[list[str] | None, typer.Option(help="Table: part of a concept=column of the file.")] = None,
    encoding: Annotated[str, typer.Option(help="CSV: character set.")] = "utf-8-sig",
    maps: Annotated[
        tuple[str, str] | None, typer.Option(help="Table of a concept map: from and to which system.")
    ] = None,
    aside: Annotated[bool, typer.Option("--aside", help="Load it without putting it in force.")] = False,
    data: Data = None,
    database: Url = None,
) -> None:
    """Load a file. The new versions are in force at once. What was cut off goes on when it is asked for again."""
    if file.suffix.lower() in _TABLES:
        if not system:
            raise HubError(Category.INVALID, "is needed for a table", where="--system", todo="give the url")
        columns, told = dict(map(_column, column or ())), _told(system, version, title, source)
        with as_csv(file, columns, encoding) as (csv, characters):
            if maps is not None:
                mapped = map_of_csv(csv, told, columns, maps, encoding=characters)
                asyncio.run(_load_resources(_desk(data, database), [mapped], current=not aside))
                return
            table = CsvSource(csv, _HEAD | told, columns, encoding=characters)
            asyncio.run(_load_one(_desk(data, database), table, current=not aside))
    elif file.is_dir() or file.suffix.lower() == ".zip":
        with distribution(file, version) as released:
            asyncio.run(_load_one(_desk(data, database), released, current=not aside))
    else:
        asyncio.run(_load_resources(_desk(data, database), resources(file), current=not aside))


@app.command("built-in")
def built_in_(
    aside: Annotated[bool, typer.Option("--aside", help="Load it without putting it in force.")] = False,
    data: Data = None,
    database: Url = None,
) -> None:
    """Load what comes with the hub, as far as its sources go. It takes the place of nothing that is in force."""
    asyncio.run(_load_resources(_desk(data, database), everything_built_in(), current=not aside, modest=True))


@app.command("list")
def list_(
    as_json: AsJson = False,
    data: Data = None,
    database: Url = None,
) -> None:
    """List what is loaded; * is in force."""
    found = asyncio.run(_listed(_database(data, database)))
    if as_json:
        print_json(found)
        return
    print_table(
        ("", "kind", "url", "version", "entries"),
        (
            (
                *("*" if one["current"] else "", one["kind"], one["url"], one["version"]),
                one["total"] if one["ready"] else "half loaded",
            )
            for one in found
        ),
    )


@app.command()
def use(
    url: Canonical,
    version: Annotated[str, typer.Argument(help="The version that shall be in force.")] = "",
    none: Annotated[bool, typer.Option("--none", help="No version shall be in force.")] = False,
    kind: Kind = CODE_SYSTEM,
    data: Data = None,
    database: Url = None,
) -> None:
    """Put a loaded version in force: a newer one, or an older one again."""

    async def work() -> None:
        async with terminology_database(_database(data, database)) as desk, desk.database.transaction() as tx:
            await (catalogue.withdraw(tx, kind, url) if none else catalogue.use(tx, kind, url, version))
            await desk.append(tx, "withdraw" if none else "use", kind, url, version)

    asyncio.run(work())


@app.command()
def drop(
    url: Canonical,
    version: Annotated[str, typer.Argument(help="The version to forget.")] = "",
    kind: Kind = CODE_SYSTEM,
    data: Data = None,
    database: Url = None,
) -> None:
    """Delete a version that is not in force."""

    async def work() -> None:
        await catalogue.known_everywhere()  # it may have been in force a moment ago
        async with terminology_database(_database(data, database)) as desk, desk.database.transaction() as tx:
            await catalogue.drop(tx, kind, url, version, desk.shelf)
            await desk.append(tx, "drop", kind, url, version)

    asyncio.run(work())


def _told(url: str, version: str, title: str, source: str) -> Json:
    told = {"url": url, "version": version, "title": title, "copyright": source}
    return {"status": "active", **{name: value for name, value in told.items() if value}}


def _column(text: str) -> tuple[str, str]:
    part, equals, column = text.partition("=")
    if not equals:
        raise HubError(Category.INVALID, "is no column map", where="--column", todo="write code=COLUMN")
    return part, column


async def _load_one(opened: _Desk, source: Source, *, current: bool) -> None:
    async with opened as desk:
        with _bar(source.head["url"]) as show:
            loaded = await desk.loader.code_system(source, current=current, progress=show)
        await _told_of(desk, source.head, loaded)


async def _load_resources(opened: _Desk, found: Iterable[Json], *, current: bool, modest: bool = False) -> None:
    """Load all of them. A version that is there already is passed over, so that a package can be tried again, and one
    that is refused keeps no other out. Raises HubError INVALID where one was, or where there is none.

    `modest`: put nothing in force where another version is.
    """
    async with opened as desk:
        taken = [await _taken(desk, resource, current=current, modest=modest) for resource in found]
    if not taken:
        what = "has no code system, value set or concept map with a url"
        raise HubError(Category.INVALID, what, where="file", todo="name another file", code="terminology")
    if not all(taken):
        what, todo = f"{taken.count(False)} of {len(taken)} are refused", "mend them, and load the file again"
        raise HubError(Category.INVALID, what, where="file", todo=todo, code="terminology")


async def _taken(desk: TerminologyDesk, resource: Json, *, current: bool, modest: bool) -> bool:
    """Whether a resource is loaded, now or before; why not is said."""
    try:
        with _bar(str(resource["url"])) as show:
            loaded = await desk.load(resource, current=current, modest=modest, progress=show)
    except HubError as error:
        if error.category not in _OWN_FAULTS:
            raise
        _say(f"{resource['url']} is refused: {error}")
        return False
    if loaded is None:
        _say(f"{resource['url']} is loaded already")
    else:
        await _told_of(desk, resource, loaded)
    return True


@contextmanager
def _bar(title: str) -> Iterator[Show]:
    """Shows how far a load is."""
    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


async def _told_of(desk: TerminologyDesk, head: Json, loaded: Loaded) -> None:
    """To the trail, and to who waits."""
    await desk.record("load", head["resourceType"], head["url"], head.get("version", ""))
    _say(f"{head['url']} loaded" + (f", {loaded.total} concepts" if head["resourceType"] == CODE_SYSTEM else ""))
    if loaded.strays and head.get("content") == "complete":
        _say(f"parents that are no codes of {head['url']}: {loaded.strays}, such as {loaded.stray}")


def _say(text: str) -> None:
    typer.echo(f"yilian: {text}", err=True)


async def _listed(url: str) -> list[dict[str, Any]]:
    async with terminology_database(url) as desk, desk.database.connection() as connection:
        return [dict(row) for row in await connection.fetch(_LISTED)]


def _desk(data: Path | None, url: str | None) -> _Desk:
    """Where a load is done: what it shelves is sealed where the hub seals."""
    folder = data
    if not url:
        folder = data or data_folder(registry(os.environ), None, Settings.load(os.environ).data_dir)
    keys = Foundation(Settings.load(os.environ, data_dir=folder), Log("terminology")).keyring()
    return terminology_database(_database(data, url), keys)


def _database(data: Path | None, url: str | None) -> str:
    if url:
        return url
    settings = Settings.load(os.environ)
    return database_of(data or data_folder(registry(os.environ), None, settings.data_dir), settings)
