"""What leaves the hub."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from hub.store.values import Stored


class Released(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One version of a resource: its bytes as stored, empty for a deletion.

    `organization` is the facility code of its author organisation, `began` and `ended` its clinical time; each is
    empty or None where unknown. `computed`: made of several resources, so that another one may be no younger.
    `revived`: a history tells that it followed a deletion.
    """

    type: str
    id: str
    version: int
    updated: datetime
    deleted: bool
    body: bytes
    organization: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    computed: bool = False
    revived: bool = False


class ReleasedPage(Struct, frozen=True, kw_only=True):
    """One page of a search or a history. `total` counts what the actor may see, None when it was not asked for.

    `next` is the sealed token of the next page (parameter `hub.gate.pages.CURSOR`), None on the last one. `ignored`
    names the parameters a lenient search left out, `partial` those that find too little until the index is complete,
    with how far it is in percent. `as_of`: everything made before this instant had been committed when
    the first page was made; None where nobody needs to know.
    """

    matches: tuple[Released, ...]
    included: tuple[Released, ...] = ()
    total: int | None = None
    next: str | None = None
    ignored: tuple[str, ...] = ()
    partial: tuple[tuple[str, int], ...] = ()
    as_of: datetime | None = None


def released(stored: Stored) -> Released:
    """`stored` without what only the decision needs."""
    return Released(
        type=stored.type,
        id=stored.id,
        version=stored.version,
        updated=stored.updated,
        deleted=stored.deleted,
        body=stored.body,
        organization=stored.facts.author_org,
        began=stored.facts.clinical_start,
        ended=stored.facts.clinical_end,
    )
