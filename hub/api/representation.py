"""From ready JSON to the form a client asked for: as it is, on lines of its own, or as XML.

Plain JSON passes through untouched. XML costs parsing; large bodies are turned in a thread, so that others are served
meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from msgspec import Struct

from hub.api.negotiation import JSON, Format
from hub.fhir.json import loads
from hub.fhir.xml import write_xml

#: Bytes of JSON that take about 10 ms to become XML.
_LARGE: Final = 64 * 1024


class Representation(Struct, frozen=True):
    """A format, plain or pretty (`_pretty`)."""

    format: Format = JSON
    pretty: bool = False

    def of(self, body: bytes) -> bytes:
        """A ready JSON body in this form. Raises HubError UNSUPPORTED (406) for what XML has no place for."""
        if self.format.name == "xml":
            return write_xml(loads(body), pretty=self.pretty) if body else body
        return msgspec.json.format(body, indent=2) if self.pretty and body else body

    async def ready(self, body: bytes) -> bytes:
        """The same, for a body of any size."""
        if self.format.name == "xml" and len(body) > _LARGE:
            return await asyncio.to_thread(self.of, body)
        return self.of(body)


PLAIN: Final = Representation()
