"""The value of an observation to OBX-2, OBX-5 and OBX-6: the way back of `mappings.hl7v2.datatypes.values`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from mappings.hl7v2.datatypes.files import ATTACHMENT
from mappings.hl7v2.datatypes.values import UCUM
from mappings.hl7v2.outbound import times
from mappings.hl7v2.outbound.datatypes import Speech, concept, system_name, worded


@dataclass(frozen=True, slots=True)
class Stated:
    """What OBX-2, OBX-5 and OBX-6 say, written already."""

    kind: str = ""
    value: str = ""
    unit: str = ""


def stated(owner: Json, speech: Speech) -> Stated:
    """What an Observation, or a component of one, states; nothing where it has no value.

    Raises HubError UNSUPPORTED for a kind of value HL7 v2 has no type for: it is never left out unseen.
    """
    name = next((name for name in owner if name.startswith("value")), "")
    if not name:
        return _attached(owner, speech)
    writer = _BY_NAME.get(name)
    if writer is None:
        raise HubError(
            Category.UNSUPPORTED, "has a value HL7 v2 has no type for", where=f"Observation.{name}", code="value-type"
        )
    return writer(owner[name], speech)


def unit(quantity: Json, speech: Speech) -> str:
    """OBX-6 of a Quantity: code, text and system; a unit without a code as it was sent."""
    style = speech.style
    code, text = quantity.get("code", ""), quantity.get("unit", "")
    if not code:
        return style.leaf(text)
    system = "UCUM" if quantity.get("system") == UCUM else system_name(quantity.get("system", ""))
    return style.components(style.leaf(code), style.leaf(text or code), style.leaf(system))


def number(value: Any) -> str:
    """A FHIR number as NM: its digits as they are, no exponent. "" for none."""
    return "" if value is None else format(Decimal(str(value)), "f")


def _quantity(value: Json, speech: Speech) -> Stated:
    if "value" not in value:
        return Stated(unit=unit(value, speech))
    digits, comparator = number(value["value"]), value.get("comparator", "")
    if not comparator:
        return Stated("NM", digits, unit(value, speech))
    return Stated("SN", speech.style.components(speech.style.leaf(comparator), digits), unit(value, speech))


def _string(value: str, speech: Speech) -> Stated:
    """A text of several lines is TX, a line in each repetition."""
    lines = value.replace("\r\n", "\n").split("\n")
    told = speech.style.separators.repetition.join(map(speech.style.leaf, lines))
    return Stated("TX" if len(lines) > 1 else "ST", told)


def _coded(value: Json, speech: Speech) -> Stated:
    if speech.style.number < (2, 5):
        return Stated("CE", concept(value, speech))
    return Stated("CWE", worded(value, speech))


def _flag(value: Any, _: Speech) -> Stated:
    return Stated("ID", "Y" if value else "N")


def _integer(value: Any, _: Speech) -> Stated:
    return Stated("NM", str(value))


def _moment(value: str, speech: Speech) -> Stated:
    return Stated("TS" if "T" in value else "DT", times.timestamp(value, speech.style.zone))


def _clock(value: str, _: Speech) -> Stated:
    return Stated("TM", times.clock(value))


def _period(value: Json, speech: Speech) -> Stated:
    ends = (times.timestamp(value.get(name, ""), speech.style.zone) for name in ("start", "end"))
    return Stated("DR", speech.style.components(*ends))


def _range(value: Json, speech: Speech) -> Stated:
    low, high = value.get("low", {}), value.get("high", {})
    ends = (number(low.get("value")), number(high.get("value")))
    said = unit(low or high, speech)
    if all(ends):
        return Stated("SN", speech.style.components("", ends[0], "-", ends[1]), said)
    return Stated("NR", speech.style.components(*ends), said)


def _ratio(value: Json, speech: Speech) -> Stated:
    above, below = value.get("numerator", {}), value.get("denominator", {})
    parts = ("", number(above.get("value")), ":", number(below.get("value")))
    return Stated("SN", speech.style.components(*parts), unit(above, speech))


def _attached(owner: Json, speech: Speech) -> Stated:
    rows = (one.get("valueAttachment") for one in owner.get("extension", ()) if one.get("url") == ATTACHMENT)
    found = next(filter(None, rows), None)
    return Stated() if found is None else attachment(found, speech)


def attachment(value: Json, speech: Speech) -> Stated:
    """An Attachment as ED, or as RP where only its address is known; a plain text as TX."""
    style = speech.style
    kind, _, subtype = value.get("contentType", "").partition(";")[0].partition("/")
    title = style.leaf(value.get("title", ""))
    if value.get("data"):
        told = (title, style.leaf(kind), style.leaf(subtype.upper()), "Base64", style.leaf(value["data"]))
        return Stated("ED", style.components(*told))
    if value.get("url"):
        return Stated("RP", style.components(style.leaf(value["url"]), title, style.leaf(kind), style.leaf(subtype)))
    return Stated()


_BY_NAME: Final[Mapping[str, Callable[[Any, Speech], Stated]]] = {
    "valueQuantity": _quantity,
    "valueString": _string,
    "valueCodeableConcept": _coded,
    "valueBoolean": _flag,
    "valueInteger": _integer,
    "valueDateTime": _moment,
    "valueTime": _clock,
    "valuePeriod": _period,
    "valueRange": _range,
    "valueRatio": _ratio,
}
