"""Code systems of R4's definitions as resources: tables of HL7 v2, those of v3, and R4's own that HL7 v2 maps lead to.

Those that maps lead to are in `tables/code_systems.json`, the others in `tables/more_code_systems.json`, without
definitions of their concepts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from hub.fhir.table import read_table
from hub.kernel.types import Json

_SETS: Final = "http://terminology.hl7.org/ValueSet/v"
_USES: Final = {"abstract": "notSelectable", "inactive": "inactive"}


@cache
def _rows(table: str) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = read_table(table)
    return found


def mapped_to(url: str) -> Json | None:
    """A CodeSystem that maps lead to, or None where the definitions have none."""
    row = _rows("code_systems").get(url)
    return None if row is None else _resource(url, row)


def behind(value_set: str) -> Json | None:
    """The CodeSystem all of whose codes a value set has, of the other tables of HL7 v2 and v3, or None."""
    if not value_set.startswith(_SETS):
        return None
    rows = _rows("more_code_systems").items()
    return next((_resource(url, row) for url, row in rows if row["valueSet"] == value_set), None)


def _resource(url: str, row: Mapping[str, Any]) -> Json:
    head = {name: value for name, value in row.items() if name != "concepts" and value != ""}
    return {
        **{"resourceType": "CodeSystem", "url": url, "status": "active", "language": "en", "caseSensitive": True},
        **head,
        "concept": [_concept(*cells) for cells in row["concepts"]],
    }


def _concept(code: str, display: str = "", above: Sequence[str] = (), uses: str = "") -> Json:
    told: list[Json] = [{"code": "parent", "valueCode": one} for one in above]
    told += [{"code": _USES[one], "valueBoolean": True} for one in uses.split()]
    return {"code": code, **({"display": display} if display else {}), **({"property": told} if told else {})}
