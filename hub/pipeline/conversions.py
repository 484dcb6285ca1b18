"""What the messages of all feeds are converted by, at one time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.kernel.ports import Translator
from hub.kernel.types import Edition


@dataclass(frozen=True, slots=True)
class Conversions:
    """Translators and editions by feed; reports of feeds without an edition are not counted."""

    translators: Mapping[str, Translator]
    editions: Mapping[str, Edition]


#: Asked before each batch: the conversions if they changed since it was asked last, else None.
Changed = Callable[[], Conversions | None]


def unchanged() -> None:
    """Says that nothing changes."""
