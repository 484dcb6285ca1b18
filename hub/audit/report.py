"""Who is responsible for what with one patient's record in a period: every entry of the trail, and the proof of each.

The document stands by itself: each line is a leaf as it was hashed, what was sealed in it (no names of other patients),
and the nodes that prove it against one signed checkpoint. `hub.audit.verify` checks it without the hub.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.audit import queries, tree
from hub.audit.entry import Entry
from hub.audit.leaves import Leaf
from hub.audit.queries import TOP, Span
from hub.audit.tree import Checkpoint
from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json

#: Entries of one report: beyond it the period is divided.
MOST: Final = 20_000
_PAGE: Final = 500


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """What somebody did under one basis: `basis` are the grounds of the decision, for a refusal its reason."""

    organization: str
    role: str
    who: str
    what: str
    outcome: str
    basis: str
    emergency: str


@dataclass(slots=True)
class Report:
    """`document` is what is handed on; `shares` counts it by who, what and basis. `pending` entries are younger than
    the checkpoint and stand in neither; of `erased` ones only the leaf is left."""

    document: Json
    shares: Counter[Share] = field(default_factory=Counter)
    pending: int = 0
    erased: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How much of it a reader is shown: `looks` and `shows` leave entries out, `opened` says what of a leaf is told."""

    looks: bool = False
    shows: Callable[[Entry], bool] = lambda _: True
    opened: Callable[[Leaf, Sequence[str]], Leaf] = Leaf.detailed


async def report(tx: Tx, patients: Sequence[str], low: datetime, high: datetime, view: View | None = None) -> Report:
    """What the trail says of these source patients in [low, high), oldest first. `tx` sees one state of the database.

    Raises HubError NOT_FOUND before the first checkpoint, TOO_LARGE for more entries than `MOST`.
    """
    view = view or View()
    head = await tree.head(tx)
    if head is None:
        raise HubError(Category.NOT_FOUND, "no checkpoint was signed yet", where="audit tree", code="audit-proof")
    lines: list[Json] = []
    made = Report(_document(patients, low, high, head, lines))
    span = Span(low=low, high=high, patients=tuple(reference_key("Patient", one) for one in patients), looks=view.looks)
    async for entry in _entries(tx, span):
        if not view.shows(entry):
            continue
        index = await tree.index_of(tx, entry.id)
        if index is None or index >= head.size:
            made.pending += 1
            continue
        if len(lines) == MOST:
            todo = "ask for a shorter period"
            raise HubError(Category.TOO_LARGE, f"over {MOST} entries", where="period", todo=todo, code="audit-report")
        lines.append(await _line(tx, index, head, patients, view))
        made.shares[_share(entry)] += 1
        made.erased += not any(lines[-1]["items"])
    lines.reverse()
    return made


async def _entries(tx: Tx, span: Span) -> AsyncIterator[Entry]:
    """Newest first."""
    top = TOP
    while found := await queries.page(tx, span, top=top, limit=_PAGE):
        for number, entry in found:
            top = number - 1
            yield entry


async def _line(tx: Tx, index: int, head: Checkpoint, patients: Sequence[str], view: View) -> Json:
    ((_, leaf),) = await tree.leaves(tx, index, index + 1)
    proof = await tree.inclusion(tx, index, head.size)
    shown = view.opened(leaf, patients)
    return {
        "index": index,
        "leaf": shown.text,
        "items": list(shown.items),
        "proof": [b64encode(one).decode() for one in proof],
    }


def _document(patients: Sequence[str], low: datetime, high: datetime, head: Checkpoint, lines: list[Json]) -> Json:
    return {
        "patients": list(patients),
        "from": low.isoformat(),
        "to": high.isoformat(),
        "note": head.note,
        "lines": lines,
    }


def _share(entry: Entry) -> Share:
    who = entry.requester
    what = f"{entry.interaction.value} {entry.resource_type or ''}".strip()
    basis = " ".join(entry.grounds) or entry.reason or ""
    return Share(
        who.organization, who.role, who.reference or who.client, what, entry.outcome.value, basis, who.break_glass or ""
    )
