"""Messages alike: a system tells of a patient again and again, and but for number and time the bytes are the same.

What such a message says was said before, so it need not be mapped again. Only ADT is looked at: results and orders tell
of something new each time. Number and time are MSH-10, MSH-7 and EVN-2. They decide where something without a number of
its own is known by them, which `Context.dated` tells: what came of such a message is not kept. Nor is anything kept for
a profile whose steps or rows read those fields or write EVN-6, which is when it happened rather than EVN-2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hub.fhir.decimals import decimal_of
from hub.fhir.json import dumps
from hub.kernel.types import Draft, Translation
from mappings.hl7v2.datatypes.times import PLACEHOLDERS, moment, zone_of_sender
from mappings.hl7v2.profile import Profile

#: Bytes of a message that is looked at: longer ones seldom come again.
_LONGEST: Final = 8192
#: Messages that are kept for one feed, each some 12 KB; what was not said again for the longest time goes first.
_MOST: Final = 1024
_DIGEST: Final = 16

#: The usual delimiters; MSH-7 and EVN-2 to the second, with or without a zone; no EVN-6. A byte of a Chinese character
#: that looks like a delimiter makes fields too many, and the message is like none.
_HEAD: Final = re.compile(
    rb"(MSH\|\^~\\&#?\|(?:[^\r\n|]*\|){4})(\d{14})([+-]\d{4})?(\|[^\r\n|]*\|ADT[^\r\n|]*\|)[\w.-]{1,64}"
    rb"(\|[^\r\n]*(?:\r\n?|\n)EVN\|[^\r\n|]*\|)(\d{14})([+-]\d{4})?((?:\|[^\r\n|]*){0,3}\|*[\r\n])"
)
#: What of a profile may read the fields that are left out, write another time of the event, or take whole segments.
_READS: Final = re.compile(r"\b(?:MSH-0*(?:7|10)|EVN-0*[26])(?!\d)|\b(?:MSH|EVN)(?!-)")


class Told(NamedTuple):
    """What tells a message from all that say something else, and its times as they stand (MSH-7 and EVN-2)."""

    digest: bytes
    sent: str
    happened: str


def told(raw: bytes) -> Told | None:
    """What a message is known by, but for number and time; None for one that is not known to be like others."""
    found = _HEAD.match(raw) if len(raw) <= _LONGEST else None
    if found is None:
        return None
    head, sent, zone, kind, rest, happened, other, end = found.groups(b"")
    times = (sent + zone).decode(), (happened + other).decode()
    if any(moment(text) is None or text[:8] in PLACEHOLDERS for text in times):  # which is told, each time
        return None
    digest = blake2b(b"\0".join((head, zone, kind, rest, other, end, raw[found.end() :])), digest_size=_DIGEST)
    return Told(digest.digest(), *times)


def is_told_by_others(profile: Profile) -> bool:
    """Whether a profile leaves number and time of a message to what the mapping makes of them."""
    return not any(_READS.search(text) for text in _texts(profile))


def _texts(profile: Profile) -> Iterator[str]:
    yield str(dict(profile.rows))
    for step in profile.steps:
        yield from (step.at, step.source, step.when)


#: Reads drafts as they were written by `dumps`.
_read_drafts: Final = msgspec.json.Decoder(tuple[Draft, ...], float_hook=decimal_of).decode


class _Kept(Struct, frozen=True):
    """A translation without its drafts, and these as JSON, which nobody shares."""

    said: Translation
    drafts: bytes


class Alike:
    """What the messages of one feed said, under one state (`revision`) of the maps they are read by."""

    def __init__(self, profile: Profile, most: int = _MOST) -> None:
        self._profile: Final = profile
        self._most: Final = most
        self._revision = 0
        self._kept: Final[dict[bytes, _Kept]] = {}

    def find(self, told: Told, revision: int) -> Translation | None:
        """What a message says, if one alike said it; when it happened is its own."""
        if revision != self._revision:
            self._kept.clear()
            self._revision = revision
        kept = self._kept.pop(told.digest, None)
        if kept is None:
            return None
        self._kept[told.digest] = kept
        zone = zone_of_sender(self._profile, moment(told.sent))
        happened = moment(told.happened)
        return replace(
            kept.said,
            drafts=_read_drafts(kept.drafts),
            event_time=happened.instant(zone) if happened is not None else None,
        )

    def keep(self, told: Told, said: Translation) -> None:
        """Remember what a message said that depends on nothing but its bytes."""
        if said.refusal is not None:
            return
        self._kept[told.digest] = _Kept(replace(said, drafts=()), dumps(said.drafts))
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
