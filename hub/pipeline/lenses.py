"""How a message is looked at: taken apart, and as what it became; with its values, or without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Dissector
from hub.kernel.types import Json, Part
from hub.pipeline.differences import Difference, differences
from hub.pipeline.fhir_mask import Mask
from hub.pipeline.mask import hidden_part, shown_text
from hub.records.traces import Trace, Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """Whether values are shown."""

    masked: bool

    def part(self, part: Part) -> Part:
        """A part of a message through this lens."""
        return hidden_part(part) if self.masked else part

    def text(self, leaf: Part) -> str:
        """A leaf's text through this lens."""
        return shown_text(leaf) if self.masked else leaf.text


MASKED: Final = Lens(masked=True)
CLEAR: Final = Lens(masked=False)


class Lenses:
    """Readings of the messages of each feed; `masks` gives a new mask for resources of a feed."""

    def __init__(
        self, dissectors: Mapping[str, Dissector], masks: Callable[[str], Mask], traces: Traces | None = None
    ) -> None:
        self._dissectors: Final = dissectors
        self.masks: Final = masks
        self._traces: Final = traces

    def parts(self, feed: str, raw: bytes) -> tuple[Part, ...]:
        """A message taken apart; nothing where it cannot be."""
        try:
            return self._dissectors[feed](raw) if feed in self._dissectors else ()
        except HubError as error:
            if error.category is not Category.UNREADABLE:
                raise
            return ()

    def changes(self, feed: str, before: bytes, after: bytes, lens: Lens) -> list[Difference]:
        """The leaves in which two readings of one message differ."""
        return differences(self.parts(feed, before), self.parts(feed, after), lens.text)

    async def trace(self, tx: Tx, facility: str, message: int) -> Trace:
        """What a message became."""
        return Trace(0) if self._traces is None else await self._traces.of(tx, facility, message)

    def resources(self, feed: str, trace: Trace, lens: Lens) -> Sequence[Json]:
        """The resources a message became."""
        bodies = [loads(version.body) for version in trace.versions]
        mask = self.masks(feed)
        return [mask.hidden(body) for body in bodies] if lens.masked else bodies
