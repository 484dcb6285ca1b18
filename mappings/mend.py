"""What stands in for pre-processors in formats that have none: a message is taken as it came."""

from __future__ import annotations

from collections.abc import Sequence

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json


def mend(raw: bytes, steps: Sequence[Json]) -> bytes:
    """The same bytes without any steps. Raises HubError UNSUPPORTED for some."""
    if steps:
        todo = "have it mended where it comes from and sent again, or change the profile and replay"
        raise HubError(Category.UNSUPPORTED, "messages of this format have no pre-processors", where="steps", todo=todo)
    return raw
