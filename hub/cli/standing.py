"""`yilian relationships` and `approvals`: what consents are decided by beside themselves, through the doors of the API.

Whoever is signed in to the machine acts in the office the API asks for, under his own name: each act is in the trail.
"""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from hub.auth.actor import Actor
from hub.auth.roles import role_named
from hub.bootstrap.standing import Standing, opened_standing
from hub.cli.desk import Data, foundation_of
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

relationships = typer.Typer(no_args_is_help=True, help="Who looks after a patient: ties, contracts, legal entities.")
approvals = typer.Typer(no_args_is_help=True, help="What ethics committees approved.")

T = TypeVar("T")
Patient = Annotated[str, typer.Argument(help="Id of a source Patient.")]
Facility = Annotated[str, typer.Option(help="Code of the facility that answers for the contract.")]
Start = Annotated[str, typer.Option("--from", help="First day, or a time with a zone.")]
End = Annotated[str, typer.Option("--to", help="Last day, or a time with a zone.")]

_SCOPES: Final = ("user/*.cruds",)
#: An act is over long before.
_ACT: Final = timedelta(minutes=5)


@relationships.command("list")
def ties(patient: Patient, data: Data = None, as_json: AsJson = False) -> None:
    """List who looks after a person until when, over or not, and which resource says so."""
    found = _at_desk(data, lambda desk: desk.ties.listed(_me("consent-reviewer"), patient))
    _print(found, ("kind", "party", "from", "to", "holds", "source"), as_json=as_json)


@relationships.command()
def contract(
    patient: Patient,
    practitioner: Annotated[str, typer.Argument(help="Id of the family doctor's Practitioner.")],
    facility: Facility,
    start: Start,
    end: End,
    data: Data = None,
) -> None:
    """Lay down a contract with a family doctor, for a patient of that facility. Prints its id."""
    asked = {"patient": patient, "practitioner": practitioner, "period": {"start": start, "end": end}}
    typer.echo(_at_desk(data, lambda desk: desk.ties.sign(_me("clinician", _known(data, facility)), asked))["id"])


@relationships.command("end")
def end_contract(
    contract: Annotated[str, typer.Argument(help="Id that `contract` printed.")], facility: Facility, data: Data = None
) -> None:
    """Let a contract hold no longer, from now on."""
    ended = _at_desk(data, lambda desk: desk.ties.end(_me("clinician", _known(data, facility)), contract))
    typer.echo(f"{ended['status']} {ended['period']['end']}")


@relationships.command()
def entities(data: Data = None, as_json: AsJson = False) -> None:
    """List the facilities of the consortium file: what each is part of, and the legal entity that answers for it."""
    consortium = foundation_of(data, "standing").consortium
    found = [
        {"code": one.code, "name": one.name, "part_of": one.part_of, "legal_entity": consortium.legal_entity(one.code)}
        for one in consortium.facilities.values()
    ]
    _print(found, ("code", "name", "part_of", "legal_entity"), as_json=as_json)


@approvals.command("list")
def approved(data: Data = None, as_json: AsJson = False) -> None:
    """List ethics approvals, newest first, revoked ones too."""
    found = _at_desk(data, lambda desk: desk.approvals.listed(_me("administrator")))
    _print(found, ("id", "status", "organization", "project", "document", "period", "resourceTypes"), as_json=as_json)


@approvals.command()
def record(
    organization: Annotated[str, typer.Option(help="Code of the facility whose project it is.")],
    project: Annotated[str, typer.Option(help="Name of the project.")],
    document: Annotated[str, typer.Option(help="Number of the committee's document, never its content.")],
    start: Start,
    end: End,
    resource_type: Annotated[list[str] | None, typer.Option("--type", help="Type it is for; all, if none.")] = None,
    data: Data = None,
) -> None:
    """Record what an ethics committee approved. Prints the id that the project's tokens name."""
    asked = {
        "kind": "ethics",
        "organization": organization,
        "project": project,
        "document": document,
        "period": {"start": start, "end": end},
        "resourceTypes": resource_type or [],
    }
    typer.echo(_at_desk(data, lambda desk: desk.approvals.give(_me("administrator"), asked))["id"])


@approvals.command()
def revoke(approval: Annotated[str, typer.Argument(help="Id that `record` printed.")], data: Data = None) -> None:
    """Revoke an ethics approval: it opens nothing from now on."""
    typer.echo(_at_desk(data, lambda desk: desk.approvals.end(_me("administrator"), approval))["status"])


def _me(role: str, organization: str = "") -> Actor:
    who = getpass.getuser()
    expires = system_clock() + _ACT
    return Actor(
        role=role, purpose=role_named(role).purposes[:1], client=f"machine:{who}", token_id="", expires=expires,
        organization=organization, scopes=_SCOPES,
    )  # fmt: skip


def _known(data: Path | None, facility: str) -> str:
    """The code of a facility of the consortium. Raises HubError INVALID."""
    codes = foundation_of(data, "standing").consortium.facilities
    if facility not in codes:
        raise HubError(Category.INVALID, "is no facility", where="--facility", todo=f"one of {', '.join(codes)}")
    return facility


def _at_desk(data: Path | None, work: Callable[[Standing], Awaitable[T]]) -> T:
    async def run() -> T:
        async with opened_standing(foundation_of(data, "standing")) as desk:
            return await work(desk)

    return asyncio.run(run())


def _print(rows: Sequence[Json], columns: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    print_table(columns, (map(row.get, columns) for row in rows))
