"""Addresses of an archive in what it sends, told as addresses of the hub (PS3.18 F.2, RetrieveURL and BulkDataURI).

JSON is rewritten as it streams: at most one element and `_HELD` bytes wait for what follows them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import parse_qsl, urlencode

from hub.api.imaging.retrieval import parameters, retrieval
from hub.kernel.errors import HubError

#: What stands for an address that the hub does not serve.
NOWHERE: Final = "about:blank"
#: Longer than any element with an address in it.
_HELD: Final = 8192
#: JSON that waits for the end of an object before it is passed on without one (InlineBinary), bytes.
_MOST: Final = 65_536
_STRING: Final = rb'"(?:[^"\\]|\\.)*"'
_ADDRESSES: Final = re.compile(
    rb'(?<!\\)"(?:BulkDataURI"\s*:\s*' + _STRING + rb'|0008119[0-4]"\s*:\s*\{[^{}]*\})', re.DOTALL
)
_VALUE: Final = re.compile(rb'"((?:[a-z]+:|/)(?:[^"\\]|\\.)*)"(?!\s*:)')
#: An absolute address, or one from the root of its server.
_ABSOLUTE: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|/)")


def own_address(text: str, base: str) -> str:
    """An address of the archive as one below `base`; a relative one as it is, one the hub does not serve as nowhere."""
    if not _ABSOLUTE.match(text):
        return text
    _, found, rest = text.partition("/studies/")
    path, _, query = f"studies/{rest}".partition("?")
    if not found or retrieval(path) is None:
        return NOWHERE
    try:
        pairs = parameters(parse_qsl(query, keep_blank_values=True))
    except HubError:
        return NOWHERE
    return f"{base}/{path}" + (f"?{urlencode(pairs)}" if pairs else "")


async def own_addresses(chunks: AsyncIterator[bytes], base: str) -> AsyncIterator[bytes]:
    """A stream of DICOM JSON with the addresses of the hub."""
    held = b""
    async for chunk in chunks:
        held += chunk
        end = held.rfind(b"}") + 1
        if not end and len(held) > _MOST:
            end = len(held) - _HELD
        if end:
            yield _rewritten(held[:end], base)
            held = held[end:]
    if held:
        yield _rewritten(held, base)


def _rewritten(piece: bytes, base: str) -> bytes:
    def value(found: re.Match[bytes]) -> bytes:
        text = found[1].replace(b"\\/", b"/").decode("utf-8", "replace")
        return b'"' + own_address(text, base).encode() + b'"'

    return _ADDRESSES.sub(lambda element: _VALUE.sub(value, element[0]), piece)
