"""Numbers of HL7 v2 (NM, SN) with the digits they were sent with."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from hub.fhir.decimals import decimal_of
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition

_NUMBER: Final = re.compile(r"([+-]?)(\d*)(\.?)(\d*)\Z", re.ASCII)
#: A number beyond what the test can tell, and the ways to print how it compares.
_COMPARED: Final = re.compile(r"([<>＜＞]=?|[≤≥≦≧])\s*(\S+)\Z")
_PRINTED: Final = str.maketrans({"＜": "<", "＞": ">", "≤": "<=", "≦": "<=", "≥": ">=", "≧": ">="})
LARGEST: Final = 2**31 - 1


def decimal(text: str) -> tuple[Decimal, bool] | None:
    """An HL7 NM and whether it is written as FHIR writes decimals; None if it is no number.

    HL7 allows a plus sign, zeros in front and a point without digits on one side (v2.5.1 section 2.A.48), FHIR does
    not (R4 datatypes, decimal); digits behind the point are precision and stay.
    """
    match = _NUMBER.match(text)
    if match is None or not (match[2] or match[4]):
        return None
    whole = match[2].lstrip("0") or "0"
    written = ("-" if match[1] == "-" else "") + whole + ("." + match[4] if match[4] else "")
    return decimal_of(written), written == text


def compared(text: str) -> tuple[str, Decimal] | None:
    """Comparator (R4 quantity-comparator) and number of `<0.5` or `≥ 100`; None of any other text."""
    match = _COMPARED.match(text)
    found = decimal(match[2]) if match else None
    return (match[1].translate(_PRINTED), found[0]) if match and found else None


def positive_integer(rep: Repetition, context: Context) -> int | None:
    """FHIR positiveInt."""
    text = leaf(rep, 1)
    found = decimal(text)
    if found and 0 < found[0] <= LARGEST and found[0] == int(found[0]):
        return int(found[0])
    context.note("refused", "not a positive whole number")
    return None


def length_of_stay(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """A number of days to a Duration."""
    found = decimal(leaf(rep, 1))
    if found is None:
        context.note("refused", "not a number")
        return None
    return {"value": found[0], "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}


DATATYPES: Final[dict[str, Datatype]] = {
    "positiveInt": plain(positive_integer, {"1": ""}),
    "days": plain(length_of_stay, {"1": "value"}),
}
