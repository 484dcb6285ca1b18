"""Marks on pairs that wait: who works on one, what stewards say of it. None of them decides anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.mpi.features import Features
from hub.mpi.packed import unpack
from hub.mpi.review_queue import Waiting

#: How long a pair stays with who took it.
CLAIMED: Final = timedelta(minutes=30)
#: Characters of a comment or a reason.
LONGEST: Final = 500

_OVER: Final = "DELETE FROM mpi_claim WHERE until <= $1"

# Nothing comes back while somebody else has it.
_CLAIM: Final = """
INSERT INTO mpi_claim (review, who, until) VALUES ($1, $2, $3)
ON CONFLICT (review) DO UPDATE SET until = excluded.until WHERE mpi_claim.who = excluded.who
RETURNING review
"""

_RELEASE: Final = "DELETE FROM mpi_claim WHERE review = $1 AND who = $2"

_NOTE: Final = "INSERT INTO mpi_note (first, second, kind, who, text, at) VALUES ($1, $2, $3, $4, $5, $6)"

_FEATURES: Final = "SELECT features FROM mpi_source WHERE pkey = ANY($1)"

#: As many digits as a telephone number has, however they are grouped.
_NUMBER: Final = re.compile(r"(?:[0-9Xx][\s-]?){7,}")


async def claim(tx: Tx, pair: Waiting, who: str, now: datetime) -> datetime:
    """Let `who` work on a pair; returns until when. Raises HubError CONFLICT (`claimed`) while another does."""
    until = now + CLAIMED
    await tx.execute(_OVER, now)
    if await tx.fetchval(_CLAIM, pair.number, who, until) is None:
        raise claimed()
    return until


async def release(tx: Tx, pair: Waiting, who: str) -> None:
    """Let others work on a pair again."""
    await tx.execute(_RELEASE, pair.number, who)


def refuse_claimed(pair: Waiting, who: str) -> None:
    """Raises HubError CONFLICT (`claimed`) while another steward works on a pair."""
    if pair.claimed_by not in (None, who):
        raise claimed()


def claimed() -> HubError:
    """The refusal while another steward works on a pair."""
    what = "another steward works on this pair"
    return HubError(Category.CONFLICT, what, where="mpi", todo="take another one", code="claimed")


async def note(tx: Tx, pair: Waiting, kind: Literal["comment", "skip"], who: str, text: str, now: datetime) -> None:
    """Keep what a steward says of a pair. Raises HubError INVALID as `refuse_patient_data` does."""
    await refuse_patient_data(tx, pair.patients, text)
    await tx.execute(_NOTE, pair.first_key, pair.second_key, kind, who, text, now)


async def refuse_patient_data(tx: Tx, patients: Sequence[str], text: str) -> None:
    """Raises HubError INVALID for an empty or endless text, and for one that names a value of these patients."""
    keys = [reference_key("Patient", patient) for patient in patients]
    refuse_text(text, [unpack(row[0]) for row in await tx.fetch(_FEATURES, keys)])


def refuse_text(text: str, sides: list[Features]) -> None:
    """`refuse_patient_data` for records at hand; without any, long numbers alone are seen."""
    if not text.strip() or len(text) > LONGEST:
        raise HubError(Category.INVALID, f"is empty or over {LONGEST} characters", where="reason", code="text")
    if tells(text, sides):
        what, todo = "contains data of a patient", "say it without names, numbers and dates"
        raise HubError(Category.INVALID, what, where="reason", todo=todo, code="patient-data")


def tells(text: str, sides: list[Features]) -> bool:
    """Whether a text holds a long number, or the name, birth date or a number of one of `sides`."""
    plain = re.sub(r"[\s-]", "", text).casefold()
    values = {value.casefold() for side in sides for value in _values(side) if len(value) > 1}
    return bool(_NUMBER.search(text)) or any(value in plain for value in values)


def _values(side: Features) -> tuple[str, ...]:
    born = () if side.born is None else (f"{side.born:%Y%m%d}", f"{side.born.year}年{side.born.month}月")
    numbers = (side.id.digits if side.id else "", side.insurance, side.card, *side.phones, side.contact_phone)
    return (side.name.full.replace(" ", ""), side.contact.full.replace(" ", ""), *numbers, *born)
