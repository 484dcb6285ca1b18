"""Maps that patient administration needs beside the general ones: people by name, protection, narrative, money."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from hub.kernel.types import Json
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes import contacts
from mappings.hl7v2.datatypes.base import Converter, Datatype, plain
from mappings.hl7v2.datatypes.coded import CONCEPT_PARTS, concept
from mappings.hl7v2.datatypes.identifiers import (
    PLACEHOLDERS,
    XCN_NUMBER,
    XCN_NUMBER_PARTS,
    Number,
    checked,
    meaning,
    number_in,
    typed,
)
from mappings.hl7v2.datatypes.names import XCN_NAME_PARTS, named_in
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.datatypes.times import date_time
from mappings.hl7v2.leaves import clean, component, leaf
from mappings.hl7v2.parser import Repetition

_RESTRICTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    "code": "R",
    "display": "restricted",
}
_CURRENCY: Final = frozenset(
    {"CNY", "USD", "EUR", "HKD", "MOP", "TWD", "GBP", "JPY", "AUD", "CAD", "CHF", "SGD", "KRW"}
)


def person_name(rep: Repetition, context: Context) -> Json | None:
    """HumanName of an XCN, for people who are no practitioners."""
    return named_in(rep, context) or None


def person_number(rep: Repetition, context: Context) -> Json | None:
    """Identifier of an XCN, for people who are no practitioners."""
    found = number_in(rep, XCN_NUMBER)
    if found is None:
        return None
    return checked(typed(found, meaning(found, context, context.at)), rep, XCN_NUMBER)


def contact_number(rep: Repetition, context: Context) -> Json | None:
    """Identifier of a PLN: number, kind, issuer, end of validity (v2.5.1, 2.A.54)."""
    value, issuer, end = leaf(rep, 1), leaf(rep, 3), date_time(rep, context, 4)
    if value in PLACEHOLDERS:
        return None
    found = Number(value, (issuer, "", ""), leaf(rep, 2))
    result = typed(found, meaning(found, context, context.at))
    entry = table("practitioner-number").get(found.kind)
    if entry is not None:
        result["type"] = {"coding": [entry.coding(), *result.get("type", {}).get("coding", ())]}
    return result | {"period": {"end": end}} if isinstance(end, str) else result


def coded_number(rep: Repetition, context: Context) -> list[Json] | None:
    """Identifiers of a CWE: its codes, each in the system it names; its text as the kind of the first."""
    made = [
        typed(found, meaning(found, context, context.at))
        for code, system in ((1, 3), (4, 6), (10, 12))
        if leaf(rep, code) not in PLACEHOLDERS
        for found in (Number(leaf(rep, code), (leaf(rep, system), "", "")),)
    ]
    return made or None


def codings(rep: Repetition, context: Context) -> list[Json] | None:
    """The codings of a CWE, to stand beside those of another field."""
    found: list[Json] = (concept(rep, context) or {}).get("coding", [])
    return found or None


def named(rep: Repetition, _: Context) -> Json | None:
    """A CodeableConcept of the name in the first component (SPD and the like)."""
    text = component(rep, 1)
    return {"text": text} if text else None


def protection(rep: Repetition, context: Context) -> Json | None:
    """The security label of a protection indicator: restricted if it says yes, none if it says no."""
    entry = table("yes-no").get(leaf(rep, 1))
    if entry is None or entry.code != "true":
        context.note("refused", "says that nothing is protected" if entry else "neither yes nor no")
        return None
    return dict(_RESTRICTED)


def narrative(rep: Repetition, _: Context) -> str | None:
    """The text as XHTML of a Narrative (R4 narrative.html)."""
    text = escape(clean(rep.plain()), quote=False).replace("\n", "<br/>")
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>' if text else None


def _of_organization(convert: Converter) -> Converter:
    """A number or an address of an organisation, which is never at home (R4 organization.html, org-2 and org-3)."""

    def outside(rep: Repetition, context: Context) -> Json | None:
        made: Json | None = convert(rep, context)
        return {name: value for name, value in made.items() if (name, value) != ("use", "home")} if made else None

    return outside


def money(rep: Repetition, context: Context) -> Json | None:
    """Money of a CP or MO: the amount, and its currency if it is stated by a code of ISO 4217."""
    found = decimal(leaf(rep, 1))
    if found is None:
        context.note("refused", "not a number")
        return None
    stated = leaf(rep, 1, 2) or leaf(rep, 2)
    return {"value": found[0], "currency": stated} if stated in _CURRENCY else {"value": found[0]}


def count(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Quantity of a plain number."""
    found = decimal(leaf(rep, 1))
    if found is None:
        context.note("refused", "not a number")
        return None
    return {"value": found[0]}


_MONEY_PARTS: Final = {"1": "value", "1.2": "currency", "2": "currency"}

DATATYPES: Final[dict[str, Datatype]] = {
    "XCN-name": plain(person_name, XCN_NAME_PARTS),
    "XCN-number": plain(person_number, XCN_NUMBER_PARTS),
    "PLN": plain(contact_number, {"1": "value", "2": "type", "3": "system", "4": "period.end"}),
    "CWE-identifier": plain(
        coded_number, {"1": "value", "3": "system", "4": "value", "6": "system", "10": "value", "12": "system"}
    ),
    "named-concept": plain(named, {"1.*": "text"}),
    "codings": plain(codings, {key: part.removeprefix("coding.") for key, part in CONCEPT_PARTS.items()}),
    "XAD-organization": Datatype(lambda _: _of_organization(contacts.address), contacts.DATATYPES["XAD"].parts),
    "XTN-organization": Datatype(
        lambda options: _of_organization(contacts.DATATYPES["XTN"].make(options)), contacts.DATATYPES["XTN"].parts
    ),
    "protection": plain(protection, {"1": ""}),
    "narrative": plain(narrative, {"*": ""}),
    "money": plain(money, _MONEY_PARTS),
    "count": plain(count, {"1": "value"}),
}
