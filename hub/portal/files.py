"""Style and scripts: the files of `static/`, read once, served under a name that changes with their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PREFIX: Final = "/static"

_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
#: They are the same for everybody and change their address when they change.
_HEADERS: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file with its media type and the address it is served under."""

    content: bytes
    media_type: str
    address: str


@lru_cache(maxsize=1)
def files() -> Mapping[str, File]:
    """The files by name."""
    found = {}
    for one in (resources.files("hub.portal") / "static").iterdir():
        kind = one.name.rpartition(".")[2]
        if kind in _TYPES:
            content = one.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            found[one.name] = File(content, _TYPES[kind], f"{PREFIX}/{digest}/{one.name}")
    return found


def file_route() -> Route:
    """Serves the files; what is not among them is not there."""
    by_address = {file.address: file for file in files().values()}

    async def serve(request: Request) -> Response:
        file = by_address.get(request.url.path)
        if file is None:
            return PlainTextResponse("not found\n", 404)
        return Response(file.content, media_type=file.media_type, headers=dict(_HEADERS))

    return Route(PREFIX + "/{digest}/{name}", serve)
