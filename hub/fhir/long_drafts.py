"""The drafts of a long message: what nothing is added to any more is packed, so that the message fits into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from hub.fhir.packed import PORTION, InOrder, Packed
from hub.kernel.types import Draft

_REPORT: Final = "DiagnosticReport"
_FIELDS: Final = Draft.__struct_fields__


class LongDrafts(InOrder[Draft]):
    """Drafts in memory (`named`: patients, orders, who took part), and behind them `reports` and `results`, packed.

    Reports refer to as many results as there are, so each is packed alone. `results` are snapshots that only refer to
    others: no type that holds what others say is among them.
    """

    def __init__(self, named: Sequence[Draft], results: Packed[Draft]) -> None:
        self.named: Final = tuple([draft for draft in named if draft.resource["resourceType"] != _REPORT])
        self.reports: Final = packed_drafts(1)
        self.reports.extend(draft for draft in named if draft.resource["resourceType"] == _REPORT)
        self.results: Final = results

    def __len__(self) -> int:
        return len(self.named) + len(self.reports) + len(self.results)

    def __iter__(self) -> Iterator[Draft]:
        yield from self.named
        yield from self.reports
        yield from self.results


def packed_drafts(portion: int = PORTION) -> Packed[Draft]:
    """No drafts yet, to be packed as they are added."""
    return Packed(_listed, _draft, portion)


def changed(drafts: Sequence[Draft], change: Callable[[Draft], Draft]) -> Sequence[Draft]:
    """Each draft as `change` makes it; those that were packed are packed again."""
    if not isinstance(drafts, LongDrafts):
        return tuple([change(draft) for draft in drafts])
    results = packed_drafts()
    for draft in drafts.results:
        results.append(change(draft))
    return LongDrafts([*map(change, drafts.named), *map(change, drafts.reports)], results)


def _listed(draft: Draft) -> list[Any]:
    return [getattr(draft, name) for name in _FIELDS]


def _draft(listed: list[Any]) -> Draft:
    fields = dict(zip(_FIELDS, listed, strict=True))
    return Draft(**fields | {"clears": tuple(fields["clears"]), "formerly": tuple(fields["formerly"])})
