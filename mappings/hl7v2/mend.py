"""Pre-processors applied to the bytes of one message, outside a profile: what mends many dead letters at once."""

from __future__ import annotations

from collections.abc import Sequence

from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Mender
from hub.kernel.types import Json
from mappings.hl7v2.charset import decode
from mappings.hl7v2.parser import parse
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.profiles.load import steps_of
from mappings.hl7v2.steps.apply import apply
from mappings.hl7v2.translator import event_of


def mender(profile: Profile) -> Mender:
    """Mends messages of one feed, in the character set they came in; segments then end in CR."""

    def mend(raw: bytes, steps: Sequence[Json]) -> bytes:
        meant = steps_of(steps)
        text, charset, _ = decode(raw, profile.charset)
        message = parse(text, charset)
        mended = apply(message, event_of(message), meant).message
        if [segment.text for segment in mended.segments] == [segment.text for segment in message.segments]:
            return raw
        if text.encode(charset, "replace") != raw:
            raise _unlike(charset)
        try:
            return mended.text().encode(charset)
        except UnicodeEncodeError:
            raise _unlike(charset) from None

    return mend


def _unlike(charset: str) -> HubError:
    return HubError(
        Category.UNREADABLE,
        f"cannot be written back in {charset} as it came",
        where="MSH-18",
        todo="repair it by itself, with a file",
        code="charset-bytes",
    )
