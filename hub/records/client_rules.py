"""What one client operation comes to, given the version that stands. Pure: the writes to make, or a refusal."""

from __future__ import annotations

from consent.labelling import coding_of
from hub.auth.actor import Actor
from hub.fhir.compartments import source_patient
from hub.fhir.json import loads
from hub.fhir.subset import is_part
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.kernel.versions import fits
from hub.records.about import refuse_about_nobody
from hub.records.facts import facts_of, labels_in
from hub.records.operations import Create, Delete, Patch, Update, Whole
from hub.records.provenance import MESSAGE_SOURCE
from hub.records.refusal import NotYoursError
from hub.records.rights import Rights
from hub.records.voiding import voided
from hub.store.values import Facts, Stored, Write


def writes_of(actor: Actor, operation: Whole, current: Stored | None, rights: Rights) -> list[Write]:
    """The versions an operation makes; none when a deletion finds nothing left to do.

    Raises HubError FORBIDDEN, NOT_FOUND, PRECONDITION, INVALID as `ClientWrites.write` says.
    """
    if isinstance(operation, Create):
        rights.check(actor, operation.type, "c", operation.where)
        return [_write(actor, operation, operation.resource, None, rights)]
    given = isinstance(operation, Update) and operation.given
    check_target(actor, operation, current, rights, given=given)
    if isinstance(operation, Delete):
        return [] if current is None or current.deleted else _deletion(actor, operation, current, rights)
    if current is None or current.deleted:
        refuse_about_nobody(actor, operation)
    resource = _content(operation, current)
    write = _write(actor, operation, resource, current, rights)
    # Whom a Binary is about stands elsewhere (hub.records.labelled).
    if current is not None and write.patient != current.patient and write.type != "Binary":
        raise HubError(
            Category.INVALID,
            "the patient of a resource does not change",
            where=operation.where or operation.type,
            todo="enter it anew under the other patient and delete this one",
            code="subject-changed",
        )
    return [write]


def _content(operation: Update, current: Stored | None) -> Json:
    """What is to stand. Raises HubError INVALID for a part of a resource where the whole stands."""
    if current is None:
        return operation.resource
    if is_part(operation.resource):
        raise HubError(
            Category.INVALID,
            "is a part of a resource (tag SUBSETTED), and would take the place of the whole",
            where=operation.where or operation.type,
            todo="read the whole resource, change it, and send it",
            code="subsetted",
        )
    return _keep_labels(operation.resource, current)


def check_target(
    actor: Actor, operation: Update | Patch | Delete, current: Stored | None, rights: Rights, *, given: bool = False
) -> None:
    """Rights first, conditions second: a condition must not tell what the right does not. Raises as `writes_of`.

    `given`: it is a Task of another facility, and the actor its owner, who may see it.
    """
    updating = isinstance(operation, Update)
    rights.check(actor, operation.type, "d" if isinstance(operation, Delete) else "u", operation.where)
    foreign = current is not None and not given and not rights.owns(actor, current.facts.author_org)
    if foreign or (current is None and (isinstance(operation, Patch) or not rights.may_choose(actor, operation.id))):
        raise NotYoursError(operation.type, operation.where, actor.organization, exists=current is not None)
    gone = current is None or current.deleted
    if updating and gone:
        rights.check(actor, operation.type, "c", operation.where)
    there = current is not None and not current.deleted and fits(operation.expected, current.version)
    if operation.expected is not None and not there:
        raise _precondition("is not at the version If-Match names", operation, "read it again")
    if isinstance(operation, Update) and operation.only_new and not gone:
        raise _precondition("exists already", operation, "leave out If-None-Match, or choose another id")


def _write(actor: Actor, operation: Whole, resource: Json, current: Stored | None, rights: Rights) -> Write:
    resource = _without_claims({**resource, "id": operation.id})
    return Write(
        type=operation.type,
        id=operation.id,
        resource=resource,
        patient=source_patient(resource),
        facts=_facts(actor, operation, resource, current, rights),
        current=current,
    )


def _facts(actor: Actor, operation: Whole, resource: Json, current: Stored | None, rights: Rights) -> Facts:
    """Of a Task that its owner answered the author organisation stays."""
    if current is not None and isinstance(operation, Update) and operation.given:
        return facts_of(resource, current.facts.author_org)
    return facts_of(resource, actor.organization, rights.siblings(actor))


def _deletion(actor: Actor, operation: Delete, current: Stored, rights: Rights) -> list[Write]:
    marked = voided(loads(current.body))
    voiding = [] if marked is None else [_write(actor, operation, marked, current, rights)]
    burial = Write(
        type=operation.type,
        id=operation.id,
        resource=None,
        patient=current.patient,
        facts=current.facts,
        current=current,
    )
    return [*voiding, burial]


def _keep_labels(resource: Json, current: Stored) -> Json:
    """An update adds security labels and removes none (R4 resource.html#tag-updates): lowering is not a client's.

    Nor is it where the resource was deleted before: a deletion has no body, and keeps the labels in its facts. What
    only a contained resource was labelled with is the container's from then on.
    """
    named = labels_in(resource)
    gone = [text for text in current.facts.labels if text not in named]
    if not gone:
        return resource
    stood = {} if current.deleted else {_text(label): label for label in _security(loads(current.body))}
    meta = resource.get("meta", {})
    kept = [label for text in gone if (label := stood.get(text) or coding_of(text))]
    return {**resource, "meta": {**meta, "security": [*_security(resource), *kept]}} if kept else resource


def labels_kept(operation: Whole, write: Write) -> bool:
    """Whether `write` has security labels that the update it comes from had left out."""
    if not isinstance(operation, Update) or write.resource is None or write.current is None:
        return False
    return not set(write.current.facts.labels).issubset(labels_in(operation.resource))


def _security(resource: Json) -> list[Json]:
    labels: list[Json] = resource.get("meta", {}).get("security", [])
    return labels


def _text(label: Json) -> str:
    """A Coding as it stands in the release facts."""
    return f"{label.get('system', '')}|{label.get('code', '')}"


def _without_claims(resource: Json) -> Json:
    """A client's version does not come from an inbox message, whatever the text it read before says."""
    meta = resource.get("meta", {})
    if not str(meta.get("source", "")).startswith(MESSAGE_SOURCE):
        return resource
    return {**resource, "meta": {key: value for key, value in meta.items() if key != "source"}}


def _precondition(what: str, operation: Update | Patch | Delete, todo: str) -> HubError:
    return HubError(
        Category.PRECONDITION, what, where=operation.where or operation.type, todo=todo, code="precondition"
    )
