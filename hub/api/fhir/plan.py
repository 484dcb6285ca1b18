"""Planning a transaction: which resource each entry means, references rewritten, operations in R4's order. Pure.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.api.fhir.conditional import canonical, no_match_at_version, read_criterion, select
from hub.api.fhir.entries import Entry
from hub.api.fhir.exchange import Params
from hub.api.fhir.freshness import expected_version
from hub.api.fhir.patch import no_match, with_relative_references
from hub.api.fhir.update import check_id
from hub.api.fhir.written import leave_to_server
from hub.fhir.references import is_placeholder, is_search, placeholders, relative, rewrite
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.operations import Create, Delete, Operation, Patch, Update

#: Writes come before reads, deletions first of all; updates and patches are one step.
ORDER: Final = ("DELETE", "POST", "PUT", "PATCH")
#: What a reference to a version has before it.
_VERSION: Final = "/_history/"


@dataclass(frozen=True, slots=True)
class Criterion:
    """A search that must have at most one match; `where` is the entry that needs it."""

    type: str
    params: tuple[tuple[str, str], ...]
    where: str = field(compare=False)

    @property
    def text(self) -> str:
        return canonical(self.params)


@dataclass(slots=True)
class Step:
    """A writing entry: the id it has if it creates, its criterion if it is conditional, and the match of that.

    `same`: the entry before it that makes what it would make; it finds that.
    """

    entry: Entry
    new_id: str
    criterion: Criterion | None
    match: Released | None = None
    same: Step | None = None

    @property
    def type(self) -> str:
        return self.entry.match.type

    @property
    def id(self) -> str:
        """The id of the resource the entry is about."""
        if self.match is not None:
            return self.match.id
        if self.same is not None:
            return self.same.id
        stated = (self.entry.resource or {}).get("id") if self.entry.method == "PUT" else None
        return self.entry.match.id or str(stated or self.new_id)

    @property
    def makes(self) -> bool:
        """Whether there is a resource after it: what it makes, changes or finds."""
        return self.entry.method != "DELETE"

    @property
    def idle(self) -> bool:
        """Whether there is nothing to write: a conditional create that found, a conditional delete that did not."""
        if self.criterion is None:
            return False
        found = self.match is not None or self.same is not None
        return {"POST": found, "DELETE": self.match is None}.get(self.entry.method, False)


def step_of(entry: Entry, new_id: str) -> Step:
    """A writing entry with its criterion. Raises HubError INVALID for a criterion that does not select."""
    if entry.match.interaction.operation:
        raise HubError(
            Category.UNSUPPORTED,
            "is an operation",
            where=f"{entry.where}.request.url",
            todo="send it alone, or in a batch",
            code="operation-in-transaction",
        )
    _check_type(entry)
    if entry.resource is not None:
        leave_to_server(entry.resource, new=entry.method == "POST")
    params: Params | None = None
    if entry.method == "POST" and entry.conditions.if_none_exist:
        where = f"{entry.where}.request.ifNoneExist"
        params = read_criterion(entry.conditions.if_none_exist, where, entry.match.type)
    elif entry.match.interaction.conditional:
        params = select(entry.params, f"{entry.where}.request.url")
    criterion = None if params is None else Criterion(entry.match.type, tuple(params), entry.where)
    return Step(entry, new_id, criterion)


def _check_type(entry: Entry) -> None:
    if not entry.patches and entry.resource is not None and entry.resource.get("resourceType") != entry.match.type:
        raise _invalid("is not of the type in request.url", f"{entry.where}.resource.resourceType")


def leave_deleted(steps: Sequence[Step]) -> None:
    """Deletions are processed first, so what one of them deletes is no match of a conditional create beside it."""
    gone = {(step.type, step.id) for step in steps if not step.makes and not step.idle}
    for step in steps:
        if step.entry.method == "POST" and (step.type, step.id) in gone:
            step.match = None


def let_find_each_other(steps: Sequence[Step]) -> None:
    """Of conditional creates of one content by one criterion that nothing matches, one makes what the others find."""
    makers: dict[Criterion, Step] = {}
    for step in steps:
        step.same = None
        if step.entry.method == "POST" and step.criterion is not None and step.match is None:
            maker = makers.setdefault(step.criterion, step)
            if maker is not step and maker.entry.resource == step.entry.resource:
                step.same = maker


def refuse_overlaps(steps: Sequence[Step]) -> None:
    """Raises HubError INVALID naming the second entry about one resource, or with one fullUrl or criterion."""
    seen: dict[object, Step] = {}
    for step in steps:
        keys: list[object] = [step.entry.full_url] if step.entry.full_url else []
        if not step.idle:
            keys.append((step.type, step.id))
            if step.criterion is not None and step.match is None:
                keys.append(step.criterion)
        for key in keys:
            if key in seen:
                raise _overlap(seen[key], step)
            seen[key] = step


def _overlap(first: Step, second: Step) -> HubError:
    where = first.entry.where
    if second.criterion is not None and first.criterion == second.criterion and _create(first) and _create(second):
        what = f"has the criterion of {where} and another content, so which is made would hang on their order"
        return _invalid(what, second.entry.where)
    return _invalid(f"is about the same resource as {where}", second.entry.where)


def _create(step: Step) -> bool:
    return step.entry.method == "POST"


def names(steps: Sequence[Step]) -> dict[str, str]:
    """What the entries' references may call each resource, and what it is called here (`Type/id`)."""
    known: dict[str, str] = {}
    for step in steps:
        here = f"{step.type}/{step.id}"
        told = [step.entry.full_url] if step.entry.full_url else []
        if step.entry.method == "POST" or step.criterion is not None:
            # Under its new id too: references were rewritten to that when the criterion was lost to another client.
            told += [f"{step.type}/{step.new_id}", *_relative(step)]
        known |= dict.fromkeys(told, here)
        version = _version(step)
        if version is not None:
            known |= dict.fromkeys([one + _VERSION for one in told], f"{here}{_VERSION}{version}")
    return known


def _version(step: Step) -> int | None:
    """The version an entry leaves, where it is known before: of what it finds, or of what it makes anew."""
    if step.idle:
        return step.match.version if step.match is not None else 1
    conditional = step.criterion is not None and step.match is None
    return 1 if step.entry.method == "POST" or (conditional and step.entry.method == "PUT") else None


def _renamed(text: str, known: Mapping[str, str]) -> str | None:
    """What a reference is called here; one to a version stays one, of the version that is made or found."""
    base, version, _ = text.partition(_VERSION)
    found = known.get(base + version)
    return found or (known.get(base) if is_placeholder(text) else None)


def _relative(step: Step) -> list[str]:
    """A relative reference in a Bundle is completed from fullUrl: `Patient/1` beside `http://x/Patient/1` is that."""
    parts = step.entry.full_url.rsplit("/", 2)
    return [f"{parts[1]}/{parts[2]}"] if len(parts) == 3 and parts[1] == step.type else []


def rename(resource: Json, known: Mapping[str, str], base_url: str, where: str) -> list[str]:
    """Rewrite the references of an entry's resource in place, those to this server as relative ones.

    Returns those that are searches (`Patient?identifier=...`). Raises HubError INVALID naming the element whose
    reference is a `urn:uuid:` or `urn:oid:` that no entry has as its fullUrl: stored, it would lead nowhere for ever.
    """
    searches: list[str] = []
    strays: list[str] = []

    def new_name(text: str) -> str | None:
        found = _renamed(text, known)
        if found is None and is_search(text):
            searches.append(text)
        elif found is None and is_placeholder(text):
            strays.append(text)
        return found or relative(text, base_url)

    rewrite(resource, new_name)
    # Not each is a reference: systems and addresses are such names too, and stand for themselves.
    place = next(placeholders(resource, f"{where}.resource"), "") if strays else ""
    if place:
        raise HubError(
            Category.INVALID,
            "no entry has this as its fullUrl",
            where=place,
            todo="send what it refers to in the same transaction, or refer to its id or by a search",
            code="unresolved-reference",
        )
    return searches


def reference_criterion(text: str, where: str) -> Criterion:
    """The criterion of a conditional reference. Raises HubError INVALID for one that does not select."""
    rtype = text.partition("?")[0]
    return Criterion(rtype, tuple(read_criterion(text, where, rtype)), where)


def operation(step: Step, claim: str, base_url: str) -> Operation | None:
    """What a step asks of the record; None for an idle one."""
    entry, where = step.entry, step.entry.where
    expected = expected_version(entry.conditions.if_match, f"{where}.request.ifMatch")
    if expected is not None and entry.match.interaction.conditional and step.match is None:
        raise no_match_at_version(f"{where}.request.ifMatch")
    if step.idle:
        return None
    if entry.patches:
        if step.criterion is not None and step.match is None:
            raise no_match(f"{where}.request.url")
        return patch(step, expected, base_url)
    if entry.resource is None:
        return Delete(type=step.type, id=step.id, expected=expected, where=where)
    if entry.method == "POST" or (step.criterion and step.match is None and "id" not in entry.resource):
        return Create(type=step.type, id=step.id, resource=entry.resource, claim=claim, where=where)
    check_id(entry.resource, step.id, required=step.criterion is None, where=f"{where}.resource")
    new = entry.conditions.if_none_match.strip() == "*" or (step.criterion is not None and step.match is None)
    return Update(
        type=step.type,
        id=step.id,
        resource=entry.resource,
        expected=expected,
        only_new=new,
        claim=claim,
        where=where,
    )


def patch(step: Step, expected: int | None, base_url: str) -> Patch:
    """The patch of an entry that is one."""
    return Patch(
        type=step.type,
        id=step.id,
        change=with_relative_references(step.entry.change(), base_url),
        expected=expected,
        where=step.entry.where,
    )


def _invalid(what: str, where: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo="mend the entry", code="entry")
