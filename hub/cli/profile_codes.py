"""`yilian profile`, the part about local codes: which have no entry, what one may mean, and saying what it means."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from hub.bootstrap.workbench import Workbench
from hub.cli.desk import Data, Feed, at_desk, me
from hub.cli.listing import AsJson, print_json, print_table
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Coded, CodeSuggestion, UnmappedCode
from hub.pipeline.code_entries import Approved
from hub.pipeline.codes import SeenCode

OneFeed = Annotated[str, typer.Argument(help="The feed.")]
Field = Annotated[str, typer.Argument(help="Where it came: a field (OBX-3) or an element (Observation.code).")]
Code = Annotated[str, typer.Argument(help="The code as it was sent.")]
System = Annotated[str, typer.Option(help="Its coding system as it was sent.")]

#: Suggestions for one code.
_SUGGESTED: Final = 10


def codes(
    feed: Feed = None,
    every: Annotated[bool, typer.Option("--all", help="Also codes the profile has an entry for by now.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete what was noted of codes the profile has an entry for by now.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List local codes the feeds sent and their profiles have no entry for; adding one takes it off the list."""
    if forget:
        count = at_desk(data, lambda desk: desk.codes.forget(me(), feed=feed))
        typer.echo(f"yilian: {count} codes with an entry are no longer noted", err=True)
    found = at_desk(data, lambda desk: desk.codes.find(me(), feed=feed, every=every))
    if as_json:
        print_json([dataclasses.asdict(code) for code in found])
    else:
        _print_codes(found)


def suggest(
    feed: OneFeed, field: Field, code: Code, system: System = "", data: Data = None, as_json: AsJson = False
) -> None:
    """List what a code of the queue may mean, the likeliest first: by maps, code systems, and names alike."""
    local = UnmappedCode(field=field, code=code, system=system)
    found = at_desk(data, lambda desk: desk.entries.suggest(me(), feed, local, _SUGGESTED))
    if as_json:
        print_json([one.target._asdict() | {"score": one.score, "why": one.why} for one in found])
    else:
        _print_suggestions(found)


def approve(
    feed: OneFeed,
    field: Field,
    code: Code,
    meaning: Annotated[str, typer.Option("--as", help="What it means: SYSTEM|CODE.")],
    display: Annotated[str, typer.Option(help="The name of that.")] = "",
    system: System = "",
    replay: Annotated[bool, typer.Option("--replay", help="Queue the messages since the first that met it.")] = False,
    reason: Annotated[str, typer.Option(help="Why they are replayed; audited.")] = "",
    data: Data = None,
) -> None:
    """Say what a code of the queue means, for what is converted from now on; it is audited and can be taken back."""
    local, target = UnmappedCode(field=field, code=code, system=system), _coded(meaning, display)

    async def work(desk: Workbench) -> tuple[Approved, int]:
        done = await desk.entries.approve(me(), feed, {local: target})
        return done, len(await desk.repairs.replay(done.replay, me(), reason)) if replay else 0

    done, queued = at_desk(data, work)
    typer.echo(f"in force: version {done.version} of the codes of {feed}")
    if replay:
        typer.echo(f"{queued} messages are queued again")


def _coded(meaning: str, display: str) -> Coded:
    system, _, code = meaning.rpartition("|")
    if not (system and code):
        raise HubError(Category.INVALID, "is no system with a code", where="--as", todo="write SYSTEM|CODE")
    return Coded(system, code, display)


def _print_codes(found: Sequence[SeenCode]) -> None:
    print_table(
        ("feed", "field", "code", "system", "text", "messages", "last seen", "first message", ""),
        (
            (
                *(one.feed, one.field, one.code, one.system, one.display, one.count, one.last_seen, one.message),
                "mapped" if one.mapped else "",
            )
            for one in found
        ),
    )


def _print_suggestions(found: Sequence[CodeSuggestion]) -> None:
    print_table(
        ("system", "code", "name", "score", "by"), ((*one.target, f"{one.score:.2f}", one.why) for one in found)
    )
