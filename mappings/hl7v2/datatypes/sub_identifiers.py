"""What tells results of one kind apart (OBX-4)."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.leaves import component
from mappings.hl7v2.parser import Repetition


def sub_identifier(rep: Repetition, _: Context) -> Json | None:
    """OBX-4 (OG since 2.8.2) as the parts of the extension observation-v2-subid; a text of old is the original."""
    parts: list[Json] = []
    for comp, name in ((1, "original-sub-identifier"), (2, "group"), (3, "sequence"), (4, "identifier")):
        text = component(rep, comp)
        number = decimal(text) if comp in (2, 3) else None
        if number is not None:
            parts.append({"url": name, "valueDecimal": number[0]})
        elif text:
            parts.append({"url": name, "valueString": text})
    return {"extension": parts} if parts else None


DATATYPES: Final[dict[str, Datatype]] = {
    "OG": plain(sub_identifier, {"1.*": "extension[]", "2": "extension[]", "3": "extension[]", "4.*": "extension[]"})
}
