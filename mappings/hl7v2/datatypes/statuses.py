"""Codes of statuses, where a wrong or a missing one would be read as another (ORC-1, ORC-5, OBX-11, TXA-17, SCH-25)."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Converter, Datatype, Options
from mappings.hl7v2.datatypes.coded import code_of, entry, make_code
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition

#: In a table: a code that is known and says nothing of the status.
SILENT: Final = "-"
#: The statuses of OBX-11 that are sent most.
_STATUSES: Final = frozenset({"", "F", "P", "C"})


def _make_status(options: Options) -> Converter:
    """A code of a status. One the table does not know is said aloud: nobody may take the old status for the new."""

    def convert(rep: Repetition, context: Context) -> str | None:
        found = entry(rep, context, options)
        if found is None and (code_of(rep) or leaf(rep, 2)):
            context.issue("status-not-in-the-table", "the status it states is unknown and changes nothing")
            context.note("refused", "code not in the table")
        if found is not None and found.code == SILENT:
            context.note("refused", "says nothing of the status")
            return None
        return found.code if found else None

    return convert


def _make_result_status(options: Options) -> Converter:
    """OBX-11; a flag that stands there is none (see `mappings.hl7v2.resources.flags`)."""
    convert = make_code(options)
    return lambda rep, context: None if is_flag(leaf(rep, 1)) else convert(rep, context)


def is_flag(text: str) -> bool:
    """Whether OBX-11 holds an abnormal flag, as Chinese laboratories send it, and no status."""
    return text not in _STATUSES and len(text) < 3 and (text.isdigit() or table("result-flag").get(text) is not None)


DATATYPES: Final[dict[str, Datatype]] = {
    "status": Datatype(_make_status, {"1": "", "2": "", "4": ""}, repeated=True),
    "OBX-status": Datatype(_make_result_status, {"1": "", "2": ""}, repeated=True),
}
