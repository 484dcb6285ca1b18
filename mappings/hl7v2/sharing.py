"""What long messages say again and again, kept once: most of thousands of results have one of a few codes."""

from __future__ import annotations

from typing import Any, Final

from hub.fhir.json import dumps
from hub.kernel.types import Json

#: Segments of one name from which on a message is long.
LONG: Final = 256
#: Different values of elements that are kept once; what comes after them is kept as it comes.
_MOST: Final = 4096
#: Elements that say the same in many results, and that nothing adds to once their segment is mapped.
_REPEATED: Final = ("subject", "encounter", "specimen", "code", "interpretation", "referenceRange", "method")


def share(resource: Json, known: dict[bytes, Any]) -> None:
    """Put equal elements met before in the place of those of `resource`; `known` are those of the message so far."""
    for name in _REPEATED:
        value = resource.get(name)
        if value is None:
            continue
        same = dumps(value)
        if same in known:
            resource[name] = known[same]
        elif len(known) < _MOST:
            known[same] = value
