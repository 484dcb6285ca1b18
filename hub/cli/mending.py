"""`yilian messages`, the part that mends: export, try, repair, replay, and mend for many by one rule."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress as Bars

from hub.bootstrap.workbench import Workbench
from hub.cli.desk import Control, Data, Feed, Kind, ReasonCode, States, at_desk, me
from hub.cli.listing import AsJson, print_json
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.kernel.yamlfile import parse
from hub.pipeline.bulk import BulkRepairs, Preview, Progress, Rule
from hub.pipeline.chosen import Filter
from hub.pipeline.trials import Attempt, Trial

Number = Annotated[int, typer.Argument(help="Number of the message.")]
Steps = Annotated[
    list[str] | None,
    typer.Option("--step", help="A pre-processor, as profiles write it: '{step: strip, at: PID-3}'; repeatable."),
]
ProfileFile = Annotated[Path | None, typer.Option(help="Facility profile to try in place of the feed's own.")]
Why = Annotated[str, typer.Option("--reason", help="Why, without patient data; kept with it and audited.")]


def export(
    number: Number,
    file: Annotated[Path, typer.Argument(help="Where the bytes go; the file must not be there yet.")],
    reason: Why,
    original: Annotated[bool, typer.Option("--original", help="As received, also if it was repaired.")] = False,
    data: Data = None,
) -> None:
    """Write the bytes of a message to a file that only you can read; audited as a look at its values."""
    raw = at_desk(data, lambda desk: desk.messages.raw(number, me(), reason, original=original))
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(raw)
    except OSError as error:
        raise HubError(Category.INVALID, "cannot be written", where=str(file), todo=str(error.strerror)) from None


def try_(
    number: Number,
    file: Annotated[Path | None, typer.Option(help="Bytes to try in place of the message's own.")] = None,
    profile: ProfileFile = None,
    step: Steps = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Convert a message and store nothing: what would become of it, and what that would change. Values are masked."""

    async def work(desk: Workbench) -> Trial:
        translator = None
        if profile is not None:
            translator = desk.candidate_file((await desk.messages.show(number, me())).summary.feed, profile)
        raw = None if file is None else _read(file)
        return await desk.trials.attempt(number, me(), Attempt(raw=raw, steps=_steps(step), translator=translator))

    tried = at_desk(data, work)
    print_json(dataclasses.asdict(tried)) if as_json else _print_trial(tried)


def repair(
    number: Number,
    file: Annotated[Path, typer.Argument(help="The mended message.")],
    reason: Why,
    data: Data = None,
) -> None:
    """Let a mended message be processed in place of a dead letter; the original bytes are kept."""
    raw = _read(file)
    at_desk(data, lambda desk: desk.repairs.repair(number, raw, me(), reason))
    typer.echo(f"message {number} is queued again")


def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers of messages; none: by the options.")] = None,
    feed: Feed = None,
    state: States = None,
    code: ReasonCode = None,
    kind: Kind = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that can be replayed.")] = False,
    reason: Annotated[str, typer.Option(help="Why; audited.")] = "",
    data: Data = None,
) -> None:
    """Queue messages again under their own numbers."""
    if not (numbers or feed or state or code or kind or every):
        raise HubError(Category.INVALID, "nothing was chosen", todo="name numbers, --feed, --state, --code, or --all")
    chosen = Filter(feed=feed, states=tuple(state or ()), code=code, kind=kind, numbers=tuple(numbers or ()))
    queued = at_desk(data, lambda desk: desk.repairs.replay(chosen, me(), reason))
    typer.echo(f"{len(queued)} messages are queued again")


def mend(
    feed: Feed = None,
    code: ReasonCode = None,
    kind: Kind = None,
    control: Control = None,
    state: States = None,
    step: Steps = None,
    profile: ProfileFile = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without this it is only previewed.")] = False,
    resume: Annotated[str | None, typer.Option(help="Id of a bulk repair to go on with.")] = None,
    reason: Annotated[str, typer.Option(help="Why; needed to apply, kept with every message, audited.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Repair many dead letters by one rule, or replay them with a mended profile: previewed first, then applied."""
    if profile is not None and (apply or resume):
        todo = "put the profile in force, then apply without --profile"
        raise HubError(Category.INVALID, "is for previews", where="--profile", todo=todo)
    if profile is not None and feed is None:
        raise HubError(Category.INVALID, "belongs to one feed", where="--profile", todo="name it with --feed")
    only = Filter(feed=feed, states=tuple(state or ()), code=code, kind=kind, control=control)
    rule = Rule(only=only, steps=_steps(step))

    async def work(desk: Workbench) -> Preview | Progress:
        if resume is not None or apply:
            begun = resume or (await desk.bulk.begin(rule, me(), reason)).id
            return await _applied(desk.bulk, begun)
        translator = None if profile is None else desk.candidate_file(feed or "", profile)
        return await _previewed(desk.bulk, rule, Attempt(translator=translator))

    found = at_desk(data, work)
    if as_json:
        print_json(dataclasses.asdict(found))
    elif isinstance(found, Preview):
        _print_preview(found)
    else:
        typer.echo(
            f"bulk repair {found.id}: {found.queued} queued, {found.unchanged} unchanged, {found.refused} refused"
        )


async def _previewed(bulk: BulkRepairs, rule: Rule, attempt: Attempt) -> Preview:
    """The whole of it, page by page."""
    states: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    looked = unchanged = 0
    after: int | None = 0
    with Bars(console=Console(stderr=True)) as bars:
        task = bars.add_task("messages", total=None)
        while after is not None:
            page = await bulk.preview(rule, me(), after=after, attempt=attempt)
            looked, unchanged, after = looked + page.looked, unchanged + page.unchanged, page.last
            states.update(page.states)
            codes.update(page.codes)
            bars.update(task, total=page.total, completed=looked)
    return dataclasses.replace(page, looked=looked, unchanged=unchanged, states=dict(states), codes=dict(codes))


async def _applied(bulk: BulkRepairs, begun: str) -> Progress:
    with Bars(console=Console(stderr=True)) as bars:
        task = bars.add_task(f"bulk repair {begun}", total=None)
        while True:
            done = await bulk.advance(begun, me())
            completed = done.queued + done.unchanged + done.refused
            bars.update(task, total=completed + done.left, completed=completed)
            if done.ended is not None:
                return done


def _print_preview(found: Preview) -> None:
    typer.echo(f"{found.looked} messages; the rule does not change {found.unchanged}; the others would be:")
    for name, count in sorted(found.states.items()):
        typer.echo(f"  {name:<12}{count}")
    for code, count in sorted(found.codes.items(), key=lambda each: -each[1]):
        typer.echo(f"    {code or '-':<30}{count}")
    typer.echo("nothing was done; --apply with --reason does it")


def _print_trial(tried: Trial) -> None:
    reason = tried.reason
    typer.echo(f"would be {tried.state.value} {reason.code} {reason.where} {reason.what}".rstrip())
    for issue in reason.issues:
        typer.echo(f"{issue.severity}: {issue.where}: {issue.code}: {issue.text}")
    for change in tried.changes:
        typer.echo(f"  {change.at:<18} {change.change:<8} {change.name}")
    for line in tried.report_changes:
        sign = "+" if line.change == "added" else "-"
        typer.echo(f"{sign} {line.position:<16} {line.outcome:<8} {line.targets or line.reason}")
    for would in tried.resources:
        typer.echo(f"{would.change:<10} {would.resource:<24} {', '.join(would.elements)}".rstrip())


def _steps(stated: list[str] | None) -> tuple[Json, ...]:
    return tuple(_step(text) for text in stated or ())


def _step(text: str) -> Json:
    step: Any = parse(text, "--step").data
    if not isinstance(step, dict):
        raise HubError(Category.INVALID, "is no pre-processor", where="--step", todo="write {step: ..., at: ...}")
    return step


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise HubError(Category.NOT_FOUND, "cannot be read", where=str(file), todo=str(error.strerror)) from None
