"""The accession numbers an order or a report may be known by in an imaging archive (IHE RAD SWF: OBR-18, IPC-1).

Not every sender has a field for it: then it is the filler's number, else the placer's, so all of them are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hub.kernel.errors import HubError
from hub.kernel.types import Accession
from mappings.hl7v2.charset import decode
from mappings.hl7v2.parser import Segment, parse
from mappings.hl7v2.profile import DEFAULT, Profile

_FIELDS: Final = (("IPC", 1), ("OBR", 18), ("OBR", 3), ("ORC", 3), ("OBR", 2), ("ORC", 2))
#: Sections of laboratories (HL7 table 0074): what they report has no images in an archive.
_LABORATORY: Final = frozenset(
    {"BG", "BLB", "CG", "CH", "CP", "HM", "IMM", "LAB", "MB", "MCB", "MYC", "SP", "SR", "TX", "VR"}
)
#: A number: nothing that an archive would take for a pattern, or for several.
_NUMBER: Final = re.compile(r"[0-9A-Za-z._/#+-]{1,64}")


def accessions(raw: bytes, profile: Profile = DEFAULT) -> tuple[Accession, ...]:
    """The numbers of a message, each once; none of one that cannot be read, or of a laboratory."""
    text, charset, _ = decode(raw, profile.charset)
    try:
        message = parse(text, charset)
    except HubError:
        return ()
    sections = {segment.get(24).strip().upper() for segment in message.all("OBR")}
    if sections and sections <= _LABORATORY:
        return ()
    found = [one for name, field in _FIELDS for segment in message.all(name) for one in _of(segment, field)]
    return tuple(dict.fromkeys(found))


def _of(segment: Segment, field: int) -> Iterator[Accession]:
    for repetition in segment.repetitions(field):
        number, local, universal = (repetition.get(n).strip() for n in (1, 2, 3))
        if _NUMBER.fullmatch(number):
            yield Accession(number=number, local=local, universal=universal)
