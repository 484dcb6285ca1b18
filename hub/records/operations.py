"""What a client asks the record to do, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.types import Json

Result = Literal["created", "updated", "unchanged", "deleted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A resource with a fresh `id`. `claim` is the criterion that must be new (conditional create), "" for none.

    `where` names the entry of a Bundle in refusals (`Bundle.entry[3]`).
    """

    type: str
    id: str
    resource: Json
    claim: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A resource as it should stand.

    `expected` is the version it must have now (`hub.kernel.versions.ANY`: any), `only_new` that there must be none.
    `claim` is the criterion that must be new with it (conditional update that creates), "" for none. `given`: it was
    found to be what the owner of a Task may say of it (hub.records.given), and the Task stays its author's.
    """

    type: str
    id: str
    resource: Json
    expected: int | None = None
    only_new: bool = False
    claim: str = ""
    where: str = ""
    given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """A resource to void and take out of sight."""

    type: str
    id: str
    expected: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A change of the version that stands, which must be there. `change` may alter what it is given, and refuse it."""

    type: str
    id: str
    change: Callable[[Json], Json]
    expected: int | None = None
    where: str = ""


#: Operations that say how a resource shall stand, whatever stands now.
Whole = Create | Update | Delete
Operation = Whole | Patch


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The version that now stands, with its bytes (empty for a deletion; no version where nothing ever stood).

    `patient` is the source patient; `labels_kept` says that security labels stay which the update had left out.
    """

    type: str
    id: str
    version: int | None
    updated: datetime | None
    result: Result
    body: bytes
    patient: str | None = None
    labels_kept: bool = False
