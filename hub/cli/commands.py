"""The commands by name, each imported when it is asked for: a command pays for what it needs and no more."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is (module:name of a function or Typer), and the first sentence of its help."""

    place: str
    help: str
    hidden: bool = False


COMMANDS: Final = {
    "demo": Entry("hub.cli.demo:demo", "Start everything on an embedded PostgreSQL and play the demo consortium."),
    "up": Entry("hub.cli.up:up", "Start the hub and keep it running."),
    "check": Entry("hub.cli.check:check", "Validate a consortium file and what it names."),
    "convert": Entry("hub.cli.convert:convert", "Turn source files into FHIR, without a database."),
    "export": Entry("hub.cli.export:app", "Write FHIR resources as documents of other systems, without a database."),
    "token": Entry("hub.cli.token:token", "Print a token."),
    "send": Entry("hub.cli.send:app", "Send messages to a feed, this hub's or another's."),
    "messages": Entry("hub.cli.messages:app", "What became of every message; show, try, repair, replay."),
    "device": Entry("hub.cli.device:app", "Devices: who may send their readings, and whose they are."),
    "feeds": Entry("hub.cli.feeds:feeds", "How each incoming feed is: blue, yellow or red, and why."),
    "outbound": Entry("hub.cli.outbound:app", "What is sent to hospital systems, and what did not arrive."),
    "mpi": Entry("hub.cli.mpi:app", "The master patient index: on files, and on the database."),
    "profile": Entry("hub.cli.profile:app", "Facility profiles: draft, try and check one; its codes."),
    "labels": Entry("hub.cli.labels:app", "Security labels: try the list, label anew what stands."),
    "consent": Entry("hub.cli.consent:app", "What the consent rules say."),
    "relationships": Entry("hub.cli.standing:relationships", "Who looks after a patient: ties, contracts, entities."),
    "approvals": Entry("hub.cli.standing:approvals", "What ethics committees approved."),
    "client": Entry("hub.cli.client:app", "Applications that may ask for access."),
    "user": Entry("hub.cli.user:app", "Accounts of the web pages."),
    "keys": Entry("hub.cli.keys:app", "The keys of what is sealed in the database, and of tokens."),
    "backup": Entry("hub.cli.backup:backup", "Write everything the hub keeps into a sealed folder."),
    "restore": Entry("hub.cli.backup:restore", "Restore a backup into an empty installation."),
    "audit": Entry("hub.cli.audit:app", "The audit trail: export it, verify an export."),
    "subscriptions": Entry("hub.cli.subscriptions:app", "Who is told of what, and what did not arrive."),
    "search-parameters": Entry("hub.cli.search_parameters:app", "Search parameters of the installation's own."),
    "import": Entry("hub.cli.import_:import_", "Bring NDJSON files of FHIR resources into the record."),
    "terminology": Entry("hub.cli.terminology:app", "Code systems, value sets and concept maps."),
    "demo-verify": Entry("hub.cli.demo:verify", "Check a demo that is running.", hidden=True),
    "worker": Entry("hub.cli.worker:worker", "Run one process of the hub.", hidden=True),
}


class Commands(TyperGroup):
    """A group whose commands stand in `COMMANDS`."""

    @property
    def names(self) -> list[str]:
        """The names of all commands, groups with their commands (`mpi link`), hidden ones too."""
        return [name for first in COMMANDS for name in _names(first, _load(first, COMMANDS[first]))]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        return _load(cmd_name, entry) if entry else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        rows = [(name, entry.help) for name, entry in COMMANDS.items() if not entry.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _load(name: str, entry: Entry) -> Any:
    module, _, target = entry.place.partition(":")
    found: Any = getattr(import_module(module), target)
    outer = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    # With a callback of its own a Typer of one command is still a group.
    outer.callback()(_nothing)
    if isinstance(found, typer.Typer):
        outer.add_typer(found, name=name)
    else:
        outer.command(name, hidden=entry.hidden)(found)
    group: Any = typer.main.get_command(outer)
    return group.commands[name]


def _nothing() -> None:
    """Commands have nothing in common."""


def _names(name: str, command: Any) -> list[str]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    return [whole for part, one in inner.items() for whole in _names(f"{name} {part}", one)] or [name]
