"""FHIR transaction: all entries or none. https://hl7.org/fhir/R4/http.html#transaction

Criteria (If-None-Exist, conditional URLs, conditional references) are judged in what the actor may see before anything
is written; new criteria are claimed with the writes. Then one bulk load and one bulk save write all of it. Reads run
after the commit, so they see it; one that is refused says so in its entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from hub.api.fhir.batch import run
from hub.api.fhir.beside import meant
from hub.api.fhir.bundle import bundle as assemble
from hub.api.fhir.conditional import at_most_one, find
from hub.api.fhir.create import PREDECESSORS
from hub.api.fhir.entries import Entry, answer_entry, in_entry, raw_entries, read_entry
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import refuse_all
from hub.api.fhir.plan import (
    ORDER,
    Criterion,
    Step,
    leave_deleted,
    let_find_each_other,
    names,
    operation,
    patch,
    reference_criterion,
    refuse_overlaps,
    rename,
    step_of,
)
from hub.api.fhir.written import as_written, found_already
from hub.api.negotiation import Preference
from hub.api.services import Services
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.operations import Operation, Written
from hub.records.refusal import ClaimedError

#: Criteria of one transaction looked up at the same time.
_AT_ONCE: Final = 4

Matches = dict[Criterion, Released | None]


async def transaction(services: Services, ask: Ask, bundle: Json) -> Answer:
    """Write all entries or none; answers stand in the order of the entries.

    Raises HubError naming the entry (`Bundle.entry[3]`): whatever its interaction alone raises, INVALID for two
    entries about one resource, PRECONDITION for a conditional reference without exactly one match.
    """
    entries = [read_entry(index, raw, services.base_url) for index, raw in enumerate(raw_entries(bundle))]
    steps = {i: _step(services, ask, entry) for i, entry in enumerate(entries) if entry.method in ORDER}
    for step in steps.values():
        if step.entry.patches and step.criterion is not None:
            await services.writes.admit(ask.actor, patch(step, None, services.base_url), origin=ask.origin)
    written = await _write(services, ask, list(steps.values()))
    quiet = ask if ask.preference.returned else replace(ask, preference=Preference("minimal"))
    answers = {i: answer_entry(_answer(quiet, step, written)) for i, step in steps.items()}
    answers |= await run(services, ask, {i: entry for i, entry in enumerate(entries) if entry.method == "GET"})
    return Answer(status=200, body=assemble("transaction-response", [answers[i] for i in range(len(entries))]))


def _step(services: Services, ask: Ask, entry: Entry) -> Step:
    if entry.params and not entry.match.interaction.conditional:
        try:
            refuse_all(entry.ask(ask))
        except HubError as error:
            raise in_entry(error, entry.where) from None
    return step_of(entry, services.new_id())


async def _write(services: Services, ask: Ask, steps: Sequence[Step]) -> dict[str, Written]:
    """What was written, by entry. Plans again when another client took one of the criteria meanwhile."""
    stale: dict[Criterion, list[str]] = {}
    lost: tuple[Criterion, str] | None = None
    for _ in range(PREDECESSORS):
        await _match(services, ask, steps)
        if lost is not None and all(step.match is None for step in steps if step.makes and step.criterion == lost[0]):
            stale.setdefault(lost[0], []).append(lost[1])
        refuse_overlaps(steps)
        await _rename(services, ask, steps)
        operations = _operations(services, ask, steps, stale)
        try:
            written = await services.writes.transaction(ask.actor, operations, origin=ask.origin)
        except ClaimedError as error:
            claimed = next(step.criterion for step in steps if step.entry.where == error.where)
            lost = (claimed, error.holder[1]) if claimed is not None else None
            continue
        return {done.where: result for done, result in zip(operations, written, strict=True)}
    raise HubError(Category.CONFLICT, "is created and deleted over and over", where="Bundle", todo="try again")


async def _match(services: Services, ask: Ask, steps: Sequence[Step]) -> None:
    found = await _look_up(services, ask, {step.criterion for step in steps if step.criterion is not None})
    for step in steps:
        step.match = None if step.criterion is None else found[step.criterion]
    leave_deleted(steps)
    let_find_each_other(steps)


async def _look_up(services: Services, ask: Ask, criteria: Collection[Criterion]) -> Matches:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(criterion: Criterion) -> Released | None:
        async with turn:
            try:
                found = await find(services, ask, criterion.type, criterion.params)
            except HubError as error:
                raise _in_criterion(error, criterion.where) from None
            return at_most_one(found, criterion.where)

    return dict(zip(criteria, await asyncio.gather(*map(one, criteria)), strict=True))


def _in_criterion(error: HubError, where: str) -> HubError:
    """What a search cannot do, naming the entry that asks for it; that the database is away is no entry's doing."""
    if error.category is Category.UNAVAILABLE:
        return error
    return HubError(error.category, error.what, where=f"{where}: {error.where}", todo=error.todo, code=error.code)


async def _rename(services: Services, ask: Ask, steps: Sequence[Step]) -> None:
    """Rewrite references between entries, then those that are searches."""
    known = names(steps)
    searches: dict[str, Criterion] = {}
    searching: list[tuple[Json, str]] = []
    for step in steps:
        resource, where = step.entry.resource, step.entry.where
        texts = [] if resource is None else rename(resource, known, services.base_url, where)
        if resource is not None and texts:
            searching.append((resource, where))
            searches |= {text: reference_criterion(text, where) for text in texts}
    if searching:
        known = await _found(services, ask, steps, searches)
    for resource, where in searching:
        rename(resource, known, services.base_url, where)


async def _found(
    services: Services, ask: Ask, steps: Sequence[Step], searches: Mapping[str, Criterion]
) -> dict[str, str]:
    """What conditional references mean: what an entry with the same criterion makes or finds, else the one match."""
    known = {step.criterion: f"{step.type}/{step.id}" for step in steps if step.criterion is not None and step.makes}
    matches = await _look_up(services, ask, set(searches.values()) - known.keys())
    for criterion, match in matches.items():
        found = meant(criterion, match, steps)
        if len(found) != 1:
            raise _unclear(criterion, several=len(found) > 1)
        known[criterion] = found[0]
    return {text: known[criterion] for text, criterion in searches.items()}


def _unclear(criterion: Criterion, *, several: bool) -> HubError:
    beside = "create what it refers to first, or beside it, where plain criteria such as identifier= find it"
    todo = "narrow the criterion" if several else beside
    return HubError(
        Category.PRECONDITION,
        f"a conditional reference has {'several matches' if several else 'no match'}",
        where=criterion.where,
        todo=todo,
        code="several-matches" if several else "no-match",
    )


def _operations(
    services: Services, ask: Ask, steps: Sequence[Step], stale: dict[Criterion, list[str]]
) -> list[Operation]:
    """The writes in R4's order, each new criterion with its claim."""
    planned = []
    for step in sorted(steps, key=lambda step: ORDER.index(step.entry.method)):
        claim = ""
        if step.criterion is not None and step.match is None:
            holders = stale.get(step.criterion, [])
            claim = services.writes.criterion(ask.actor, step.type, step.criterion.text, holders)
        planned.append(operation(step, claim, services.base_url))
    return [made for made in planned if made is not None]


def _answer(quiet: Ask, step: Step, done: Mapping[str, Written]) -> Answer:
    """The answer to a writing entry: without the resource, unless the client prefers it, which `quiet` says."""
    if step.entry.shape is not quiet.shape:
        quiet = replace(quiet, shape=step.entry.shape)
    written = done.get(step.entry.where)
    if written is None:
        found = step.match if step.same is None else done[step.same.entry.where]
        return Answer(status=204) if found is None else found_already(quiet, found)
    if step.entry.method == "DELETE":
        return Answer(status=204, version=written.version, updated=written.updated)
    return as_written(quiet, written)
