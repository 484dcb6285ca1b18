"""How many persons share something: what few share may point at one of them. Counts stay inside; only yes or no leaves.

A person with several source patients counts once.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hub.db.database import Tx
from hub.store.resource_types import type_number
from hub.store.tokens import CLINICAL_CODE, bare_code, param_number, system_and_code

Coding = tuple[str, str]

_PERSON: Final = "coalesce(m.person, r.pkey::text)"
_CODINGS: Final = f"""
SELECT t FROM resource r CROSS JOIN LATERAL unnest(r.tokens) AS t LEFT JOIN member m ON m.pkey = r.pkey
WHERE r.type = $1 AND NOT r.deleted AND t = ANY($2::uuid[])
GROUP BY t HAVING count(DISTINCT {_PERSON}) >= $3
"""
#: Years in the zone in which dates stand without one (hub.fhir.temporal).
_BIRTHS: Final = f"""
SELECT gender, band FROM (
    SELECT {_PERSON} AS person, (extract(year FROM r.date_low AT TIME ZONE 'Asia/Shanghai')::int / $3) * $3 AS band,
        (SELECT g.code FROM unnest($4::text[], $5::uuid[]) AS g (code, token) WHERE g.token = ANY(r.tokens)) AS gender
    FROM resource r LEFT JOIN member m ON m.pkey = r.pkey
    WHERE r.type = $1 AND NOT r.deleted AND r.date_low > '-infinity'
) born WHERE gender IS NOT NULL GROUP BY gender, band HAVING count(DISTINCT person) >= $2
"""
#: R4 administrative-gender.
_GENDERS: Final = ("male", "female", "other", "unknown")


async def common_codings(tx: Tx, rtype: str, wanted: Collection[Coding], least: int) -> set[Coding]:
    """Those (system, code) that resources of this type have as code or coded value, of at least `least` persons."""
    value = param_number(rtype, "value-concept")
    tokens = {system_and_code(param, *coding): coding for coding in wanted for param in (CLINICAL_CODE, value)}
    rows = await tx.fetch(_CODINGS, type_number(rtype), list(tokens), least) if tokens else []
    return {tokens[row[0]] for row in rows}


async def common_births(tx: Tx, band: int, least: int) -> set[tuple[str, int]]:
    """(gender, first year) of the bands of `band` years that at least `least` persons were born in."""
    tokens = [bare_code(param_number("Patient", "gender"), code) for code in _GENDERS]
    rows = await tx.fetch(_BIRTHS, type_number("Patient"), least, band, list(_GENDERS), tokens)
    return {(row[0], row[1]) for row in rows}
