"""Which observation of a report is its impression, and so the conclusion of the report."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.codetables import table
from mappings.hl7v2.datatypes.values import LINES
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment

#: Suffix of OBX-3 (v2.5.1, 7.1.4).
_SUFFIX: Final = "IMP"


def is_impression(segment: Segment) -> bool:
    """Whether OBX-3 says so: by its suffix, or by a code or words for an impression where the value is a text."""
    if _SUFFIX in segment.raw(3) and field(segment, 3, 1, 2) == _SUFFIX:
        return True
    named = table("impression").get
    return segment.raw(2) in LINES and any(named(field(segment, 3, comp)) is not None for comp in (1, 2))
