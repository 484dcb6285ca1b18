"""Counties whose facilities make other mistakes than the default one's, to judge matching on what it has not seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bench.population import Mistakes

_USUAL: Final = Mistakes()

#: Name -> what goes wrong there: the usual things; names and dates; numbers; telephones, addresses and whole fields.
MIXES: Final = {
    "county": _USUAL,
    "sounds": replace(
        _USUAL,
        homophone=0.06,
        look_alike=0.02,
        left_out=0.012,
        traditional=0.03,
        no_birth=0.05,
        mistyped_birth=0.03,
        guessed_birth=0.05,
        lunar_birth=0.05,
    ),
    "ids": replace(
        _USUAL,
        no_id=0.45,
        mistyped_id=0.05,
        masked_id=0.05,
        short_id=0.03,
        borrowed_id=0.25,
        borrowed_birth=0.5,
        no_insurance=0.7,
        mistyped_insurance=0.03,
    ),
    "phones": replace(
        _USUAL,
        no_phone=0.3,
        other_phone=0.25,
        no_address=0.3,
        moved=0.12,
        no_contact=0.6,
        no_sex=0.06,
        wrong_sex=0.015,
        other_name=0.008,
        bare=0.05,
    ),
}
