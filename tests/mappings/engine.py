"""Helpers of the mapping tests: translate a message written in a test, and look at what came of it."""

from __future__ import annotations

from typing import Any

from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Draft, Json, Translation
from mappings.hl7v2.profile import DEFAULT, Profile
from mappings.hl7v2.translator import translator

ADT_HEADER = "MSH|^~\\&|HIS|F01|HUB|YUNZE|20260301083000||ADT^{event}|M{event}|P|2.4|||||CHN"
PID = "PID|1||000123^^^^MR||沈桂兰||19580412|2"


def translate(
    *segments: str, event: str = "A01", kind: str = "ADT", facility: str = "F01", profile: Profile = DEFAULT
) -> Translation:
    """Translate segments behind a header of that event; segments that begin with MSH bring their own."""
    header = [] if segments[0].startswith("MSH") else [ADT_HEADER.format(event=event).replace("ADT^", f"{kind}^")]
    raw = "\r".join([*header, *segments]).encode()
    return translator(profile, facility, keyed_ids(PUBLIC_KEY))(raw)


def drafts(translation: Translation, rtype: str) -> list[Draft]:
    return [draft for draft in translation.drafts if draft.resource["resourceType"] == rtype]


def draft(translation: Translation, rtype: str) -> Draft:
    """The only draft of that type."""
    (only,) = drafts(translation, rtype)
    return only


def resource(translation: Translation, rtype: str) -> Json:
    return draft(translation, rtype).resource


def patient(*segments: str, **more: Any) -> Json:
    """The Patient of an ADT."""
    return resource(translate(*segments, **more), "Patient")


def pid(**fields: str) -> str:
    """A PID with the fields given as `f5="..."`; PID-3 is there unless given."""
    values = {3: "000123^^^^MR"} | {int(name[1:]): text for name, text in fields.items()}
    return "PID|" + "|".join(values.get(n, "") for n in range(1, max(values) + 1))


def reported(translation: Translation, source: str) -> tuple[str, tuple[str, ...], str]:
    """Outcome, targets and reason of one leaf."""
    (row,) = [row for row in translation.report if row.source == source]
    return row.outcome, row.targets, row.reason


def codes(translation: Translation) -> list[str]:
    """Codes of the issues."""
    return [issue.code for issue in translation.issues]
