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

#: Equipment that goes where its owner goes (v2 table 0202, and senders' own).
_MOBILE: Final = frozenset({"CP", "MB"})
#: Where senders put the whole number, the standard's own place first: unformatted, old number, free text.
_WHOLE: Final = (12, 1, 9)
_NONE: Final = PLACEHOLDERS | {"同上"}


def _make_contact(options: Options) -> Converter:
    def convert(rep: Repetition, context: Context) -> Any:
        number, taken = _number(rep)
        electronic = "" if leaf(rep, 4) in _NONE else leaf(rep, 4)
        if not number and not electronic:
            context.note("refused", "no number or address in it")
            return None
        _note_others(rep, context, taken, number)
        use = _use(rep, context) or options.word
        points = [_point(_electronic_system(rep, electronic), electronic, use)] if electronic else []
        if number:
            points.insert(0, _point(_system(rep, number), number, "mobile" if leaf(rep, 3) in _MOBILE else use))
        return points[0] if len(points) == 1 else points

    return convert


def _point(system: str, value: str, use: str) -> dict[str, str]:
    return {name: text for name, text in {"system": system, "value": value, "use": use}.items() if text}


def _number(rep: Repetition) -> tuple[str, tuple[int, ...]]:
    """The number, and the components it was taken from."""
    local = leaf(rep, 7)
    if local not in _NONE and leaf(rep, 12) in _NONE:
        country, area, extension = leaf(rep, 5), leaf(rep, 6), leaf(rep, 8)
        parts = (f"+{country.lstrip('+')}" if country else "", area, local, f"x{extension}" if extension else "")
        return " ".join(filter(None, parts)), (5, 6, 7, 8)
    return next(((leaf(rep, n), (n,)) for n in _WHOLE if leaf(rep, n) not in _NONE), ("", ()))


def _note_others(rep: Repetition, context: Context, taken: tuple[int, ...], value: str) -> None:
    for comp in (1, 4, 5, 6, 7, 8, 9, 12):
        text = leaf(rep, comp)
        if comp not in taken and text and text != value and (comp != 4 or text in _NONE):
            context.note("refused", "the number is taken from another component", comp)


def _system(rep: Repetition, value: str) -> str:
    entry = table("telecom-equipment").get(leaf(rep, 3))
    if entry and (entry.code != "email" or "@" in value):
        return entry.code
    return "email" if "@" in value else "phone"


def _electronic_system(rep: Repetition, value: str) -> str:
    """XTN.4 is an address of e-mail, or of the equipment XTN.3 names if it does not look like one."""
    entry = table("telecom-equipment").get(leaf(rep, 3))
    return entry.code if entry and "@" not in value else "email"


def _use(rep: Repetition, context: Context) -> str:
    use = leaf(rep, 2)
    entry = table("telecom-use").get(use)
    if entry is None and use:
        context.note("refused", "code not in the table", 2)
    return entry.code if entry else ""


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
