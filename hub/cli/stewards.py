"""`yilian mpi` on the database: what waits for a steward, decisions, and their history."""

from __future__ import annotations

import asyncio
import dataclasses
import getpass
import os
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from hub.bootstrap.foundation import Foundation
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.consortium import load
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.kernel.types import Json
from hub.mpi.deeds import Deed, What
from hub.mpi.features import Features
from hub.mpi.lookup import Past
from hub.mpi.model import chosen_model
from hub.mpi.rejudge import Rejudged
from hub.run.installation import consortium_file, consortium_of, database_of
from hub.run.instances import data_folder, registry
from hub.run.stewards import Desk, desk

T = TypeVar("T")
Data = Annotated[Path | None, typer.Option(help="Data folder of the hub.")]
Url = Annotated[str | None, typer.Option(help="The database instead (postgresql://...).")]
Reason = Annotated[str, typer.Option(help="Why, without patient data; kept with the decision.")]
Patient = Annotated[str, typer.Argument(help="Id of a source Patient.")]


def merge(one: Patient, other: Patient, reason: Reason, data: Data = None, url: Url = None) -> None:
    """Decide that two source patients are one person; all of both persons come together."""
    _do(Deed(what=What.MERGE, patients=(one, other)), reason, data, url, "one person")


def keep_apart(one: Patient, other: Patient, reason: Reason, data: Data = None, url: Url = None) -> None:
    """Decide that two source patients of two persons stay two; the matcher will not link them."""
    _do(Deed(what=What.APART, patients=(one, other)), reason, data, url, "two persons")


def split(
    patients: Annotated[list[str], typer.Argument(help="Ids of source Patients of one person.")],
    reason: Reason,
    data: Data = None,
    url: Url = None,
) -> None:
    """Let some source patients leave their person and be another one, together."""
    _do(Deed(what=What.SPLIT, patients=tuple(patients)), reason, data, url, "a person of their own")


def move(
    patient: Patient,
    to: Annotated[str, typer.Option(help="Id of a source Patient of the person it belongs to.")],
    reason: Reason,
    data: Data = None,
    url: Url = None,
) -> None:
    """Take a source patient from its person to another's, in one decision; its companions stay."""
    _do(Deed(what=What.MOVE, patients=(patient, to)), reason, data, url, "moved")


def unlink(
    patient: Patient,
    reason: Reason,
    data: Data = None,
    url: Url = None,
) -> None:
    """Take a source patient out of its person; the matcher will not put it back."""
    _do(Deed(what=What.UNLINK, patients=(patient,)), reason, data, url, "a person of its own")


def reverse(
    decision: Annotated[int, typer.Argument(help="Number of a decision, as `yilian mpi history` tells it.")],
    reason: Reason,
    data: Data = None,
    url: Url = None,
) -> None:
    """Take a decision back, whoever made it: every source returns to where it was."""
    deed = Deed(what=What.REVERSE, target=decision)
    _do(deed, reason, data, url, f"decision {decision} is taken back")


def _do(deed: Deed, reason: str, data: Path | None, url: str | None, done: str) -> None:
    tell_done(at_desk(data, url, lambda hands: hands.do(deed, reason=reason)), done)


def tell_done(told: Json, done: str) -> None:
    """Print the number of a decision, and what is `done`; or that of a proposal."""
    if "proposal" in told:
        typer.echo(f"proposal {told['proposal']}: a second steward has to confirm it")
    else:
        typer.echo(f"decision {told['decision']}: {done}")


def history(
    of: Annotated[str, typer.Argument(help="Id of a source Patient or of a person.")],
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show every decision about a source patient or a person, oldest first."""
    found = at_desk(data, url, lambda hands: hands.history(of))
    _print(found, _past_row, ("decision", "at", "kind", "by", "first", "second", "score", "why"), as_json=as_json)


def as_of(
    of: Annotated[str, typer.Argument(help="Id of a source Patient or of a person.")],
    at: Annotated[str, typer.Argument(help="Instant, `2026-03-02T08:00+08:00`; without an offset, local time.")],
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show which person a source patient was at an instant, and who else was."""
    found = at_desk(data, url, lambda hands: hands.as_of(of, _instant(at)))
    if as_json:
        _print([found], lambda _: (), (), as_json=True)
        return
    typer.echo(f"person {found.person}")
    for patient in found.patients:
        typer.echo(f"  Patient/{patient}")


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        todo = "write it as 2026-03-02T08:00+08:00"
        raise HubError(Category.INVALID, "is not a time", where="as-of", todo=todo) from None


def register(data: Data = None, url: Url = None) -> None:
    """Register every stored Patient that the index does not know yet, in bulk. May be repeated."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("registering", total=None)
        count = at_desk(data, url, lambda hands: hands.register(lambda done: progress.update(task, completed=done)))
    typer.echo(f"{count} patients registered")


def sides(data: Path | None, url: str | None) -> list[Features]:
    """The normalised records of the hub's database."""
    return at_desk(data, url, lambda hands: hands.sides())


def rejudge(
    after: Annotated[int, typer.Option(help="Go on after the source of this number, as a stopped run told it.")] = 0,
    data: Data = None,
    url: Url = None,
) -> None:
    """Judge all automatic links again under the model of YILIAN_MPI_MODEL. May be stopped, and run beside the hub.

    What messages and stewards decided stays.
    """
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("judging", total=None)

        def tell(told: Rejudged) -> None:
            progress.update(task, description=f"judged {told.sources}, to go on: --after {told.reached}")

        done = at_desk(data, url, lambda hands: hands.rejudge(tell, after))
    typer.echo(f"{done.sources} sources judged: {done.linked} links made, {done.parted} taken back")


def at_desk(data: Path | None, url: str | None, work: Callable[[Desk], Awaitable[T]]) -> T:
    """What `work` gives at a desk over the database of `url`, else of the data folder, under the account's name."""
    settings = Settings.load(os.environ)
    if url:
        policy = (consortium_of(data, settings) if data else load(consortium_file(settings))).review
    else:
        data = data or data_folder(registry(os.environ), None, settings.data_dir)
        url, policy = database_of(data, settings), consortium_of(data, settings).review

    keys = Foundation(Settings.load(os.environ, data_dir=data), Log("mpi")).keyring()

    async def run() -> T:
        async with desk(url, getpass.getuser(), policy, chosen_model(settings.mpi_model), keys) as hands:
            return await work(hands)

    return asyncio.run(run())


def _print(
    found: Iterable[Any], row: Callable[[Any], Iterable[object]], header: Iterable[str], *, as_json: bool
) -> None:
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
        return
    print_table(header, map(row, found))


def _past_row(one: Past) -> Iterable[object]:
    by = " ".join(part for part in (one.actor, one.who, str(one.message or "")) if part)
    kind = one.kind if one.standing else f"{one.kind} (taken back)"
    why = one.note or one.evidence or (f"takes back {one.reverses}" if one.reverses else "")
    score = None if one.score is None else f"{one.score:+.1f}"
    return one.number, one.at, kind, by, one.first, one.second, score, why
