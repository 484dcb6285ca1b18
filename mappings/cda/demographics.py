"""Names, addresses and telecoms (PN, ON, AD, TEL) to HumanName, Address and ContactPoint."""

from __future__ import annotations

import re
from typing import Final

from hub.kernel.types import Json
from mappings.cda.node import Node
from mappings.cda.tables import translated

_NAME_USES: Final = {"L": "official", "P": "nickname", "ASGN": "usual", "C": "official"}
#: Parts of an address that are lines of it, in the order they are read.
_LINES: Final = (
    "streetAddressLine", "township", "village", "streetName", "direction", "houseNumber", "houseNumberNumeric",
    "buildingNumberSuffix", "additionalLocator", "unitID", "unitType", "deliveryAddressLine", "postBox", "careOf",
)  # fmt: skip
_PARTS: Final = {
    "city": "city",
    "county": "district",
    "state": "state",
    "postalCode": "postalCode",
    "country": "country",
}
_SCHEMES: Final = {"tel": "phone", "mailto": "email", "fax": "fax", "http": "url", "https": "url"}


def human_names(nodes: list[Node], to: str) -> list[Json]:
    """Each name with its parts; one that is not divided (张三) as text."""
    return [made for node in nodes if (made := human_name(node, to))]


def human_name(node: Node, to: str) -> Json:
    """One name, or {}."""
    made: Json = {}
    if use := next((_NAME_USES[each] for each in node.get("use").split() if each in _NAME_USES), ""):
        made["use"] = use
        node.take(f"{to}.use", "use")
    for source, name in (("family", "family"), ("given", "given"), ("prefix", "prefix"), ("suffix", "suffix")):
        parts = [words for part in node.all(source) if (words := part.words())]
        if parts:
            made[name] = " ".join(parts) if name == "family" else parts
    text = node.words() or node.get("value")
    if not text:
        return {}
    made["text"] = _whole(made) or text
    node.take_all(to)
    return made


def _whole(made: Json) -> str:
    """The parts as one text: a Chinese name without blanks, the family first."""
    given = made.get("given", [])
    if "family" not in made or not given:
        return ""
    if not f"{made['family']}{given[0]}".isascii() and all("一" <= sign <= "鿿" for sign in made["family"]):
        return f"{made['family']}{''.join(given)}"
    return " ".join([*made.get("prefix", []), *given, made["family"], *made.get("suffix", [])])


def addresses(nodes: list[Node], to: str) -> list[Json]:
    """Each address with its parts, a text where it has none."""
    return [made for node in nodes if (made := _address(node, to))]


def _address(node: Node, to: str) -> Json:
    made: Json = {}
    if use := next((translated("address-uses", each) for each in node.get("use").split()), ""):
        made["use"] = use
        node.take(f"{to}.use", "use")
    lines = [words for name in _LINES for part in node.all(name) if (words := part.words())]
    if lines:
        made["line"] = lines
    made |= {name: words for part, name in _PARTS.items() for each in node.all(part) if (words := each.words())}
    undivided = " ".join(node.text.split())
    if undivided or not (made.keys() - {"use"}):
        made["text"] = node.words()
    if not any(made.get(name) for name in ("text", "line", *_PARTS.values())):
        return {}
    node.take_all(to)
    return made


def telecoms(nodes: list[Node], to: str) -> list[Json]:
    """Each telephone, mail or other address; a number without a scheme is a telephone's."""
    return [made for node in nodes if (made := _telecom(node, to))]


def _telecom(node: Node, to: str) -> Json:
    value = node.get("value") or node.words()
    if not value:
        return {}
    scheme, colon, rest = value.partition(":")
    system = _SCHEMES.get(scheme.strip().lower(), "") if colon else ""
    if system in {"phone", "email", "fax"}:
        value = rest.strip()
    elif not system:
        system = "email" if "@" in value else "phone" if re.search(r"\d{3}", value) else "other"
    if not value:
        return {}
    node.take(to)
    made = {"system": system, "value": value}
    use = next((found for each in node.get("use").split() if (found := translated("address-uses", each))), "")
    return made | ({"use": use} if use else {})
