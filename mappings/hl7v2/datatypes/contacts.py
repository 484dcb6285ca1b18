"""Telephone numbers (XTN) and addresses (XAD) to ContactPoint and Address."""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Converter, Datatype, Options, plain
from mappings.hl7v2.datatypes.identifiers import PLACEHOLDERS
from mappings.hl7v2.datatypes.times import date_time, period
from mappings.hl7v2.leaves import clean, leaf
from mappings.hl7v2.parser import Repetition

#: Where senders put the whole number, the standard's own place first: unformatted, old number, free text.
_WHOLE: Final = (12, 1, 9)
_NONE: Final = PLACEHOLDERS | {"同上"}


def _make_contact(options: Options) -> Converter:
    def convert(rep: Repetition, context: Context) -> dict[str, str] | None:
        value, taken = _number(rep)
        if not value:
            context.note("refused", "no number or address in it")
            return None
        _note_others(rep, context, taken, value)
        system, use = _system(rep, value), _use(rep, context, options.word)
        named = {"system": system, "value": value, "use": use}
        return {name: text for name, text in named.items() if text}

    return convert


def _number(rep: Repetition) -> tuple[str, tuple[int, ...]]:
    """The number or address, and the components it was taken from."""
    if leaf(rep, 4) not in _NONE:
        return leaf(rep, 4), (4,)
    local = leaf(rep, 7)
    if local not in _NONE and leaf(rep, 12) in _NONE:
        country, area, extension = leaf(rep, 5), leaf(rep, 6), leaf(rep, 8)
        parts = (f"+{country.lstrip('+')}" if country else "", area, local, f"x{extension}" if extension else "")
        return " ".join(filter(None, parts)), (5, 6, 7, 8)
    return next(((leaf(rep, n), (n,)) for n in _WHOLE if leaf(rep, n) not in _NONE), ("", ()))


def _note_others(rep: Repetition, context: Context, taken: tuple[int, ...], value: str) -> None:
    for comp in (1, 4, 5, 6, 7, 8, 9, 12):
        if comp not in taken and leaf(rep, comp) and leaf(rep, comp) != value:
            context.note("refused", "the number is taken from another component", comp)


def _system(rep: Repetition, value: str) -> str:
    entry = table("telecom-equipment").get(leaf(rep, 3))
    if entry:
        return entry.code
    return "email" if "@" in value else "phone"


def _use(rep: Repetition, context: Context, word: str) -> str:
    if leaf(rep, 3) in {"CP", "MB"}:
        return "mobile"
    use = leaf(rep, 2)
    entry = table("telecom-use").get(use)
    if entry is None and use:
        context.note("refused", "code not in the table", 2)
    return entry.code if entry else word


def address(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Address of an XAD; street, number and other designation are lines in that order."""
    count = len(rep.components())
    street = [text for leaf_text in rep.subcomponents(1) if (text := clean(leaf_text)) and text != '""']
    other = leaf(rep, 2)
    result: dict[str, Any] = {}
    lines = [*street, other] if other else street
    if lines:
        result["line"] = lines
    for comp, name in ((3, "city"), (9, "district"), (4, "state"), (5, "postalCode"), (6, "country")):
        value = leaf(rep, comp) if comp <= count else ""
        if value:
            result[name] = value
    if count > 6:
        _more(result, rep, context)
    if not set(result) - {"use", "type", "period"}:
        context.note("refused", "no address in it")
        return None
    return result


def _more(result: dict[str, Any], rep: Repetition, context: Context) -> None:
    kind = leaf(rep, 7)
    use, type_ = table("address-use").get(kind), table("address-type").get(kind)
    if use:
        result["use"] = use.code
    if type_:
        result["type"] = type_.code
    if kind and not use and not type_:
        context.note("refused", "code not in the table", 7)
    tract = leaf(rep, 10)
    if tract:
        url = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract"
        result["extension"] = [{"url": url, "valueString": tract}]
    span = period(
        date_time(rep, context, 13) or date_time(rep, context, 12, 1),
        date_time(rep, context, 14) or date_time(rep, context, 12, 2),
    )
    if span:
        result["period"] = span


_XAD_PARTS: Final = {
    "1.*": "line",
    "2": "line",
    "3": "city",
    "4": "state",
    "5": "postalCode",
    "6": "country",
    "7": "use",
    "9": "district",
    "10": "extension",
    "12.1": "period.start",
    "12.2": "period.end",
    "13": "period.start",
    "14": "period.end",
}

DATATYPES: Final[dict[str, Datatype]] = {
    "XTN": Datatype(_make_contact, {**{str(n): "value" for n in (1, 4, 5, 6, 7, 8, 9, 12)}, "2": "use", "3": "system"}),
    "XAD": plain(address, _XAD_PARTS),
}
