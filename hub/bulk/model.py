"""Jobs and their files as values."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from hub.auth.actor import Actor
from hub.auth.claims import actor_of
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

Kind = Literal["export", "import"]
FileKind = Literal["output", "deleted", "error"]

OUTCOME: Final = "OperationOutcome"


class State(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a job: `frames` of them under `name`, `size` bytes on the disk."""

    number: int
    kind: FileKind
    type: str
    name: str
    frames: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A file to import: the type of its resources, and its URL."""

    type: str
    url: str


def asked_import(facility: str, source: str, inputs: Sequence[Input]) -> Json:
    """What an import needs to know: as which facility, where ids come from, the files."""
    told = [{"type": given.type, "url": given.url} for given in inputs]
    return {"facility": facility, "source": source, "inputs": told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job. `asked` is what its kind needs to know; `actor` are claims; `progress` and `result` are of its kind."""

    id: str
    kind: Kind
    state: State
    subject: str
    actor: Json
    asked: Json
    request: str
    key: bytes
    attempt: int
    created: datetime
    progress: Json = field(default_factory=dict)
    result: Json = field(default_factory=dict)
    expires: datetime | None = None

    @property
    def who(self) -> Actor:
        """On whose behalf it runs."""
        return actor_of(self.actor)

    @property
    def finished(self) -> bool:
        return self.state in {State.DONE, State.FAILED}


class LostError(Exception):
    """The job is no longer this worker's: it was cancelled, or another worker has begun it."""


def subject_of(actor: Actor) -> str:
    """Whom a job belongs to: the same client, acting for the same person, in the same role and organisation."""
    who = (actor.client, actor.role, actor.organization, actor.practitioner or "", actor.patient or "")
    return hashlib.sha256(dumps(who)).hexdigest()


def told(error: HubError) -> Json:
    """A refusal as it is kept with the job that failed by it."""
    parts: dict[str, Any] = {"category": error.category.value, "what": error.what}
    return parts | {"where": error.where, "todo": error.todo, "code": error.code}


def refusal(kept: Json) -> HubError:
    """The refusal that was kept."""
    return HubError(Category(kept["category"]), kept["what"], where=kept["where"], todo=kept["todo"], code=kept["code"])
