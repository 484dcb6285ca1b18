"""Telephone numbers (XTN) and addresses (XAD) to ContactPoint and Address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Converter, Datatype, Options, plain
from mappings.hl7v2.datatypes.identifiers import PLACEHOLDERS
from mappings.hl7v2.datatypes.numbers import LARGEST
from mappings.hl7v2.datatypes.times import date_time, period
from mappings.hl7v2.leaves import clean, leaf
from mappings.hl7v2.parser import Repetition

#: Equipment that goes where its owner goes (v2 table 0202, and senders' own).
_MOBILE: Final = frozenset({"CP", "MB"})
#: Where senders put the whole number, the standard's own place first: unformatted, old number, free text.
_WHOLE: Final = (12, 1, 9)
#: Parts of a number, as the extensions of FHIR name them.
_PARTS: Final = ((5, "country"), (6, "area"), (7, "local"), (8, "extension"))
_CONTACT: Final = "http://hl7.org/fhir/StructureDefinition/contactpoint"
_V2_ADDRESS: Final = "http://terminology.hl7.org/CodeSystem/v2-0190"
#: How an address is used (v2 table 0617) as FHIR's type of it.
_USAGE: Final = {"M": "postal", "V": "physical"}
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
        more = _more_of_contact(rep, context) if len(rep.components()) > 12 else {}
        points = [_point(_electronic_system(rep, electronic), electronic, use, more)] if electronic else []
        if number:
            use = "mobile" if leaf(rep, 3) in _MOBILE else use
            points.insert(0, _parts_of(rep, taken) | _point(_system(rep, number), number, use, more))
        return points[0] if len(points) == 1 else points

    return convert


def _point(system: str, value: str, use: str, more: dict[str, Any]) -> dict[str, Any]:
    return {name: text for name, text in {"system": system, "value": value, "use": use}.items() if text} | more


def _parts_of(rep: Repetition, taken: tuple[int, ...]) -> dict[str, Any]:
    """The parts of a number that is made of several, each in the extension that names it."""
    stated = [(name, leaf(rep, comp)) for comp, name in _PARTS if comp in taken]
    found = [{"url": f"{_CONTACT}-{name}", "valueString": text} for name, text in stated if text]
    return {"extension": found} if len(found) > 1 else {}


def _more_of_contact(rep: Repetition, context: Context) -> dict[str, Any]:
    """How long it is valid, and its rank."""
    span = period(date_time(rep, context, 13), date_time(rep, context, 14))
    rank = leaf(rep, 18)
    found: dict[str, Any] = {"period": span} if span else {}
    if rank.isascii() and rank.isdigit() and 0 < int(rank[:10]) <= LARGEST:
        found["rank"] = int(rank)
    return found


def _number(rep: Repetition) -> tuple[str, tuple[int, ...]]:
    """The number, and the components it was taken from."""
    local = leaf(rep, 7)
    if local not in _NONE and leaf(rep, 12) in _NONE:
        country, area, extension = leaf(rep, 5), leaf(rep, 6), leaf(rep, 8)
        behind = f"X{extension.lstrip('Xx')}" if extension else ""
        parts = (f"+{country.lstrip('+')}" if country else "", area, local, behind)
        return " ".join(filter(None, parts)), (5, 6, 7, 8)
    return next(((leaf(rep, n), (n,)) for n in _WHOLE if leaf(rep, n) not in _NONE), ("", ()))


def _note_others(rep: Repetition, context: Context, taken: tuple[int, ...], value: str) -> None:
    count = len(rep.components())
    for comp in (1, 4, 5, 6, 7, 8, 9, 12):
        if comp > count:
            return
        text = leaf(rep, comp)
        if text and comp not in taken and text != value and (comp != 4 or text in _NONE):
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
    """Address of an XAD; street, designation, addressee and what FHIR has no name for are lines in that order."""
    count = len(rep.components())
    street = [text for leaf_text in rep.subcomponents(1) if (text := clean(leaf_text)) and text != '""']
    result: dict[str, Any] = {}
    lines = [*street, *(text for text in (leaf(rep, 2), leaf(rep, 19), leaf(rep, 8)) if text)]
    if lines:
        result["line"] = lines
    for comp, name in ((3, "city"), (9, "district"), (4, "state"), (5, "postalCode"), (6, "country")):
        value = leaf(rep, comp) if comp <= count else ""
        if value:
            result[name] = value
    if count > 6:
        _more(result, rep, context, count)
    if not set(result) - {"use", "type", "period"}:
        context.note("refused", "no address in it")
        return None
    return result


def _more(result: dict[str, Any], rep: Repetition, context: Context, count: int) -> None:
    kind = leaf(rep, 7)
    use, type_ = table("address-use").get(kind), table("address-type").get(kind)
    if use:
        result["use"] = use.code
    if type_:
        result["type"] = type_.code
    if count > 15:
        _told_of_it(result, rep, context)
    extensions = list(_extensions(rep, kind if kind and not use and not type_ else "", context))
    if extensions:
        result["extension"] = extensions
    span = period(
        date_time(rep, context, 13) or date_time(rep, context, 12, 1),
        date_time(rep, context, 14) or date_time(rep, context, 12, 2),
    )
    if span:
        result["period"] = span


def _told_of_it(result: dict[str, Any], rep: Repetition, context: Context) -> None:
    """What XAD-16 to XAD-18 say: whether it is temporary or wrong (which counts more), and what it is used for."""
    for comp, use in ((16, "temp"), (17, "old")):
        if leaf(rep, comp) == "Y":
            result["use"] = use
        elif leaf(rep, comp):
            context.note("refused", "does not say yes", comp)
    usage = leaf(rep, 18)
    if usage in _USAGE:
        result.setdefault("type", _USAGE[usage])
    elif usage:
        context.note("refused", "code not in the table", 18)


def _extensions(rep: Repetition, kind: str, context: Context) -> Iterator[dict[str, Any]]:
    """A kind of address that is neither a use nor a type of FHIR's, and the census tract."""
    if kind == "HV":
        yield {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-AD-use", "valueCode": kind}
    elif kind:
        concept = {"coding": [{"system": _V2_ADDRESS, "code": kind}]}
        yield {"url": context.habits.extension("address-type"), "valueCodeableConcept": concept}
    tract = leaf(rep, 10)
    if tract:
        yield {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract", "valueString": tract}


_XAD_PARTS: Final = {
    "1.*": "line",
    "2": "line",
    "3": "city",
    "4": "state",
    "5": "postalCode",
    "6": "country",
    "7": "",
    "8": "line",
    "9": "district",
    "10": "extension",
    "12.1": "period.start",
    "12.2": "period.end",
    "13": "period.start",
    "14": "period.end",
    "16": "use",
    "17": "use",
    "18": "type",
    "19": "line",
}

DATATYPES: Final[dict[str, Datatype]] = {
    "XTN": Datatype(
        _make_contact,
        {
            **{str(n): "value" for n in (1, 4, 5, 6, 7, 8, 9, 12)},
            "2": "use",
            "3": "system",
            "13": "period.start",
            "14": "period.end",
            "18": "rank",
        },
        repeated=True,
    ),
    "XAD": plain(address, _XAD_PARTS, repeated=True),
}
