"""An imaging archive as a client of its DICOMweb services sees it (PS3.18): one request, one stream of bytes.

Only what lies below the configured base is asked for, redirections are not followed, proxies of the environment are not
used, and bytes come as the archive sends them: nothing is decompressed here, so nothing can grow here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx

from connectors.mllp.tls import client_context
from hub.kernel.archive import Archive
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Fetched

#: Requests to one archive at once; more wait for their turn.
CONNECTIONS: Final = 32
_TIMES: Final = httpx.Timeout(connect=5, read=60, write=10, pool=20)
_OK: Final = 200
#: What an archive says when it has no such object.
_ABSENT: Final = frozenset({204, 404, 410})
_NOT_ACCEPTABLE: Final = frozenset({406, 415})
_BUSY: Final = frozenset({429, 503})


class DicomwebArchive:
    """One archive; `transport` replaces the network in tests."""

    def __init__(self, archive: Archive, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._base: Final = archive.dicomweb
        headers = {"accept-encoding": "identity", "user-agent": "yilian-hub"}
        if archive.credential is not None:
            headers["authorization"] = _credential(archive)
        self._client: Final = httpx.AsyncClient(
            headers=headers,
            verify=client_context(archive.authority),
            timeout=_TIMES,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            trust_env=False,
            follow_redirects=False,
            transport=transport,
        )

    @asynccontextmanager
    async def fetch(self, path: str, query: Sequence[tuple[str, str]] = (), *, accept: str) -> AsyncIterator[Fetched]:
        """See `ImageArchive`. `path` is one the caller has judged."""
        request = self._client.build_request(
            "GET", f"{self._base}/{path}", params=list(query) or None, headers={"accept": accept}
        )
        response = await self._sent(request)
        try:
            _judge(response)
            length = response.headers.get("content-length", "")
            yield Fetched(
                media=response.headers.get("content-type", ""),
                length=int(length) if length.isascii() and length.isdecimal() else None,
                chunks=_chunks(response),
            )
        finally:
            await response.aclose()

    async def close(self) -> None:
        await self._client.aclose()

    async def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._client.send(request, stream=True)
        except httpx.PoolTimeout:
            raise _unavailable("has as many requests as it may have at once", "archive-busy") from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise _unavailable(f"does not answer ({type(error).__name__})", "archive-away") from None


async def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise _unavailable(f"stopped within its answer ({type(error).__name__})", "archive-away") from None


def _judge(response: httpx.Response) -> None:
    """Raise what an answer means that is not the one asked for. What it says beside its status is not repeated."""
    status = response.status_code
    if status in _ABSENT:
        raise HubError(Category.NOT_FOUND, "no such resource", where="URL")
    if status in _NOT_ACCEPTABLE:
        raise HubError(
            Category.UNSUPPORTED,
            "is none the archive makes",
            where="Accept",
            todo="ask for another media type",
            code="not-acceptable",
        )
    if status in _BUSY:
        raise _unavailable("is busy", "archive-busy")
    if status != _OK or response.headers.get("content-encoding", "identity") != "identity":
        raise _unavailable(f"answered {status} to the hub", "archive-refused")


def _unavailable(what: str, code: str) -> HubError:
    return HubError(Category.UNAVAILABLE, what, where="imaging archive", todo="try again later", code=code)


def _credential(archive: Archive) -> str:
    """The value of the Authorization header. Raises HubError INVALID for a file that holds none."""
    where = f"archive {archive.name}: credential"
    try:
        value = archive.credential.read_text(encoding="ascii").strip() if archive.credential else ""
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(Category.INVALID, f"cannot be read ({type(error).__name__})", where=where) from None
    if not value or not value.isprintable():
        todo = "write one line: Basic ... or Bearer ..."
        raise HubError(Category.INVALID, "holds no value of a header", where=where, todo=todo)
    return value
