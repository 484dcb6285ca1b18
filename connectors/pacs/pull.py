"""What an archive says of one study, taken into the inbox: the answer to every trigger, whoever pulled it.

A trigger names a study and nothing more. Pulled again, a study that has not changed is a duplicate of its message.
A study that was pulled before and is gone is told so: once the archive has said both that it has no such study and that
it has others. An archive that is away, refuses the hub or seems empty has said nothing of it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import EnvelopeReader, ImageArchive, Inbox
from hub.kernel.types import Accepted, Received

DICOM_JSON: Final = "application/dicom+json"
#: Metadata of a study of ten thousand slices, bytes.
MOST_BYTES: Final = 64 << 20
_STUDY: Final = "0020000D"

#: Whether a message of this feed and identity was taken.
Known = Callable[[str, str], Awaitable[bool]]


class Pull:
    """Pulls the studies of one feed."""

    def __init__(
        self,
        feed: str,
        archive: ImageArchive,
        *,
        inbox: Inbox,
        known: Known,
        read_envelope: EnvelopeReader,
        clock: Clock,
        log: Log,
        most: int = MOST_BYTES,
    ) -> None:
        self._feed: Final = feed
        self._archive: Final = archive
        self._inbox: Final = inbox
        self._known: Final = known
        self._read: Final = read_envelope
        self._clock: Final = clock
        self._log: Final = log
        self._most: Final = most

    async def __call__(self, study: str, peer: str) -> Accepted:
        """Return once the metadata of a study (UID), or that it is gone, is durable; `peer` is who told of it.

        Raises what `ImageArchive.fetch` raises, HubError TOO_LARGE, and what `Inbox.accept` raises.
        """
        raw = await self._told(study)
        received = Received(feed=self._feed, raw=raw, envelope=self._read(raw), received_at=self._clock(), peer=peer)
        accepted = await self._inbox.accept(received)
        self._log.event("pacs.pulled", feed=self._feed, message=accepted.message, state=accepted.state, bytes=len(raw))
        return accepted

    async def _told(self, study: str) -> bytes:
        """The metadata of a study, or the statement that it is gone."""
        try:
            raw = await gathered(self._archive, f"studies/{study}/metadata", (), self._most)
        except HubError as error:
            if error.category is not Category.NOT_FOUND:
                raise
            raw = b""
        if raw.strip() not in {b"", b"[]"}:
            return raw
        gone = _gone(study)
        if not await self._known(self._feed, self._read(gone).identity) or not await self._has_lost(study):
            raise HubError(Category.NOT_FOUND, "no such resource", where="URL")
        self._log.event("pacs.study-gone", feed=self._feed)
        return gone

    async def _has_lost(self, study: str) -> bool:
        """Whether the archive lists studies, but not this one."""
        others = await listed(self._archive, (("limit", "1"),))
        if not others:
            self._log.event("pacs.archive-empty", level="WARNING", feed=self._feed)
        return bool(others) and not await listed(self._archive, (("StudyInstanceUID", study), ("limit", "1")))


def _gone(study: str) -> bytes:
    """What is kept of a study that is gone: its availability (PS3.3 C.4.23.1.1), told as metadata is."""
    told = {"00080056": {"vr": "CS", "Value": ["UNAVAILABLE"]}, _STUDY: {"vr": "UI", "Value": [study]}}
    return json.dumps([told], separators=(",", ":")).encode()


async def listed(archive: ImageArchive, query: tuple[tuple[str, str], ...], most: int = MOST_BYTES) -> list[Any]:
    """The studies an archive finds. Raises what `gathered` raises, and HubError UNAVAILABLE for what is no list."""
    try:
        raw = await gathered(archive, "studies", query, most)
        found = json.loads(raw) if raw.strip() else []
    except ValueError:
        found = None
    except HubError as error:
        if error.category is not Category.NOT_FOUND:  # 204: PS3.18 has it for an empty list
            raise
        found = []
    if not isinstance(found, list):
        what = "answered something that is no list"
        raise HubError(Category.UNAVAILABLE, what, where="imaging archive", code="archive-refused")
    return found


async def gathered(archive: ImageArchive, path: str, query: tuple[tuple[str, str], ...], most: int) -> bytes:
    """All of a JSON answer. Raises what `ImageArchive.fetch` raises, and HubError TOO_LARGE."""
    pieces, size = [], 0
    async with archive.fetch(path, query, accept=DICOM_JSON) as found:
        async for chunk in found.chunks:
            size += len(chunk)
            if size > most:
                raise HubError(Category.TOO_LARGE, "says too much at once", where="imaging archive", code="too-large")
            pieces.append(chunk)
    return b"".join(pieces)
