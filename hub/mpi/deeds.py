"""What a steward can do to persons, as data: it may be done at once, tried out, or put to a second steward."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.db.database import Tx
from hub.mpi.stewardship import Decided, Steward


class What(StrEnum):
    """The deeds, by the words of `yilian mpi` and of `review.four_eyes`."""

    MERGE = "merge"
    APART = "apart"
    SPLIT = "split"
    MOVE = "move"
    UNLINK = "unlink"
    REVERSE = "reverse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """`patients`: source Patient ids; of a move, who moves and to whom. `target`: the decision that is taken back."""

    what: What
    patients: tuple[str, ...] = ()
    target: int | None = None


def pair_deed(patients: tuple[str, str], *, same: bool) -> Deed:
    """Making one person of two, or keeping them apart."""
    return Deed(what=What.MERGE if same else What.APART, patients=patients)


async def do(tx: Tx, steward: Steward, deed: Deed, *, who: str, note: str = "") -> Decided:
    """Do it. Raises what the methods of `Steward` raise."""
    match deed.what, deed.patients:
        case What.MERGE, (one, other):
            return await steward.link(tx, one, other, who=who, note=note)
        case What.APART, (one, other):
            return await steward.apart(tx, one, other, who=who, note=note)
        case What.MOVE, (patient, to):
            return await steward.move(tx, patient, to, who=who, note=note)
        case What.UNLINK, (patient,):
            return await steward.unlink(tx, patient, who=who, note=note)
        case What.SPLIT, patients if patients:
            return await steward.split(tx, patients, who=who, note=note)
        case What.REVERSE, _ if deed.target is not None:
            return await steward.reverse(tx, deed.target, who=who, note=note)
    raise ValueError(deed.what)
