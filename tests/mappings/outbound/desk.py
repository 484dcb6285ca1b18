"""What the hub stored of a message, and the message it writes of that: the round trip of the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from hl7apy.parser import parse_message

from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Json, Outgoing, Written
from mappings.hl7v2.outbound.messages import writer
from mappings.hl7v2.outbound.style import CHARSETS, Style
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator

AT: Final = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
MR: Final = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
#: The receiver's own Patient of the person.
OWN: Final[Json] = {
    "resourceType": "Patient",
    "id": "own",
    "identifier": [{"system": "urn:oid:2.999.1", "value": "1001", "type": MR, "assigner": {"display": "HIS"}}],
}


def stored(raw: bytes, facility: str = "F03") -> dict[str, Json]:
    """The resources of a message by reference, as a hub keeps them."""
    translation = translator(DEFAULT, facility, keyed_ids(PUBLIC_KEY))(raw)
    resources = [{**draft.defaults, **draft.resource} for draft in translation.drafts]
    return {f"{one['resourceType']}/{one['id']}": one for one in resources}


def only(resources: dict[str, Json], rtype: str) -> Json:
    """The only resource of a type."""
    (found,) = [one for one in resources.values() if one["resourceType"] == rtype]
    return found


def style(charset: str = "UTF-8", **changes: Any) -> Style:
    """The style of a hospital that wants a character set."""
    codec, declared = CHARSETS[charset]
    return Style(
        **{"sender": ("YILIAN", "HUB"), "application": "HIS", "facility": "F01", "codec": codec, "declared": declared}
        | changes
    )


def written(kind: str, focus: Json, others: dict[str, Json], *, about: Json | None = None, **changes: Any) -> Written:
    """A message as the hub writes it, to a hospital that knows the patient as 1001."""
    own = changes.pop("own", (OWN,))
    outgoing = Outgoing(kind=kind, focus=focus, about=about, own=own, others=others, happened=AT)
    return writer(style(**changes))(outgoing, lambda content: f"C{len(content)}")


def segments(sent: Written, codec: str = "utf-8") -> dict[str, list[str]]:
    """The first segment of each name, by name, in fields."""
    rows = [line.split("|") for line in sent.raw.decode(codec).split("\r") if line]
    return {row[0]: row for row in reversed(rows)}


def judged(sent: Written, codec: str = "utf-8") -> str:
    """The structure of a message if hl7apy finds nothing wrong with it; raises what it finds."""
    message = parse_message(sent.raw.decode(codec), find_groups=True)
    assert message.validate()
    return str(message.name)
