"""What an archive says of one study, taken into the inbox: the answer to every trigger, whoever pulled it.

A trigger names a study and nothing more. Pulled again, a study that has not changed is a duplicate of its message.
"""

from __future__ import annotations

from typing import Final

from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import EnvelopeReader, ImageArchive, Inbox
from hub.kernel.types import Accepted, Received

DICOM_JSON: Final = "application/dicom+json"
#: Metadata of a study of ten thousand slices, bytes.
MOST_BYTES: Final = 64 << 20


class Pull:
    """Pulls the studies of one feed."""

    def __init__(
        self,
        feed: str,
        archive: ImageArchive,
        *,
        inbox: Inbox,
        read_envelope: EnvelopeReader,
        clock: Clock,
        log: Log,
        most: int = MOST_BYTES,
    ) -> None:
        self._feed: Final = feed
        self._archive: Final = archive
        self._inbox: Final = inbox
        self._read: Final = read_envelope
        self._clock: Final = clock
        self._log: Final = log
        self._most: Final = most

    async def __call__(self, study: str, peer: str) -> Accepted:
        """Return once the metadata of a study (UID) is durable; `peer` is who told of it.

        Raises what `ImageArchive.fetch` raises, HubError TOO_LARGE, and what `Inbox.accept` raises.
        """
        raw = await gathered(self._archive, f"studies/{study}/metadata", (), self._most)
        received = Received(feed=self._feed, raw=raw, envelope=self._read(raw), received_at=self._clock(), peer=peer)
        accepted = await self._inbox.accept(received)
        self._log.event("pacs.pulled", feed=self._feed, message=accepted.message, state=accepted.state, bytes=len(raw))
        return accepted


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
