"""All datatype maps by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mappings.hl7v2.datatypes import (
    administrative,
    amounts,
    authorities,
    clinical,
    coded,
    contacts,
    exchange,
    financial,
    identifiers,
    imaging,
    languages,
    names,
    numbers,
    older,
    places,
    references,
    roles,
    specimens,
    statuses,
    sub_identifiers,
    times,
    timing,
)
from mappings.hl7v2.datatypes.base import Datatype

DATATYPES: Final[Mapping[str, Datatype]] = {
    **administrative.DATATYPES,
    **amounts.DATATYPES,
    **authorities.DATATYPES,
    **clinical.DATATYPES,
    **coded.DATATYPES,
    **contacts.DATATYPES,
    **exchange.DATATYPES,
    **financial.DATATYPES,
    **identifiers.DATATYPES,
    **imaging.DATATYPES,
    **languages.DATATYPES,
    **names.DATATYPES,
    **numbers.DATATYPES,
    **older.DATATYPES,
    **places.DATATYPES,
    **references.DATATYPES,
    **roles.DATATYPES,
    **specimens.DATATYPES,
    **statuses.DATATYPES,
    **sub_identifiers.DATATYPES,
    **times.DATATYPES,
    **timing.DATATYPES,
}
