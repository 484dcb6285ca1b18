"""Coded values that are concepts of one v2 table, and clinical information (OBR-13), which may be a code or a text."""

from __future__ import annotations

import re
from typing import Any, Final

from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Converter, Datatype, plain
from mappings.hl7v2.datatypes.coded import CONCEPT_PARTS, concept, text_concept
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition

_CODE_OF_TABLE: Final = re.compile(r"[\w.-]{1,20}\Z", re.ASCII)


def _make_table_concept(number: str) -> Converter:
    """A code of one v2 table as a concept, without the code's own system."""

    def convert(rep: Repetition, context: Context) -> dict[str, Any] | None:
        made = concept(rep, context)
        for coding in (made or {}).get("coding", ()):
            coding.setdefault("system", f"http://terminology.hl7.org/CodeSystem/v2-{number}")
        return made

    return convert


def clinical_information(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """OBR-13: coded since 2.7, a text before, in which a delimiter parts nothing."""
    first, *others = rep.components()
    if first and any(others) and not _CODE_OF_TABLE.match(first):
        return text_concept(rep, context)
    return concept(rep, context)


def fasting(rep: Repetition, _: Context) -> dict[str, Any] | None:
    """OBR-13 where it is a code of v2 table 0916 (fasting); other clinical information is none of the specimen's."""
    entry = table("fasting").get(leaf(rep, 1))
    return {"coding": [entry.coding()]} if entry else None


DATATYPES: Final[dict[str, Datatype]] = {
    **{f"v2-{n}": plain(_make_table_concept(n), CONCEPT_PARTS) for n in ("0065", "0119", "0936", "0937")},
    "clinical-information": plain(clinical_information, {"*": ""}),
    "fasting": plain(fasting, {"1": "coding.code"}),
}
