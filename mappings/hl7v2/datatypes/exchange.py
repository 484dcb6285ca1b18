"""Datatypes of the message header: MSG (type, event and structure), PT (processing), and acknowledgement codes."""

from __future__ import annotations

import re
from typing import Any, Final

from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Converter, Datatype, Options, plain
from mappings.hl7v2.datatypes.languages import language_tag
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
EVENTS: Final = "http://terminology.hl7.org/CodeSystem/v2-0003"


def kind_of(rep: Repetition) -> str:
    """`ADT^A01^ADT_A01`, as far as it is stated."""
    return "^".join([leaf(rep, 1), leaf(rep, 2), leaf(rep, 3)]).rstrip("^")


def _event(rep: Repetition, _: Context) -> dict[str, Any] | None:
    """Coding of the event; the display is the whole message type, as the guide wants it."""
    code = leaf(rep, 2)
    return {"system": EVENTS, "code": code, "display": kind_of(rep)} if code else None


def _activity(rep: Repetition, _: Context) -> dict[str, Any] | None:
    """What a message did: its event by table 0003, and its type in words."""
    kind = kind_of(rep)
    return {"coding": [_activity_coding(leaf(rep, 2), f"message - {kind}")]} if kind else None


def _activity_coding(code: str, display: str) -> dict[str, str]:
    entry = table("event-type").get(code)
    return {"system": EVENTS, "code": entry.code, "display": display} if entry else {"display": display}


def _structure(rep: Repetition, context: Context) -> str | None:
    """Canonical URL of the message structure."""
    name = leaf(rep, 3)
    return f"{context.habits.canonical_base}/MessageDefinition/{name}" if name.replace("_", "").isalnum() else None


def _make_tag(comp: int) -> Datatype:
    def make(options: Options) -> Converter:
        def convert(rep: Repetition, context: Context) -> dict[str, str] | None:
            code = leaf(rep, comp)
            entry = options.table.get(code) if options.table and code else None
            if entry is None and code:
                context.note("refused", "code not in the table", comp)
            return entry.coding() if entry else None

        return convert

    return Datatype(make, {str(comp): ""})


def _language(rep: Repetition, context: Context) -> str | None:
    """A language as a code of BCP 47; other names of languages are refused."""
    found = language_tag(leaf(rep, 1))
    if found is None:
        context.note("refused", "not a language of ISO 639")
    return found


def _id(rep: Repetition, context: Context) -> Any:
    """FHIR id; what cannot be one is kept beside the absent element."""
    text = leaf(rep, 1)
    if not text:
        return None
    return text if _ID.match(text) else context.absent(text, "not an id as FHIR writes them", 1)


DATATYPES: Final[dict[str, Datatype]] = {
    "MSG": plain(_event, {"1": "display", "2": "code", "3": "display"}),
    "MSG-activity": plain(_activity, {"1": "coding.display", "2": "coding.code", "3": "coding.display"}),
    "MSG-structure": plain(_structure, {"3": ""}),
    "PT-id": _make_tag(1),
    "PT-mode": _make_tag(2),
    "id": plain(_id, {"1": ""}),
    "language-code": plain(_language, {"1": ""}),
}
