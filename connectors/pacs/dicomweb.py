"""An imaging archive as a client of its DICOMweb services sees it (PS3.18): one request, one stream of bytes.

Only what lies below the configured base is asked for, redirections are not followed, proxies of the environment are not
used, and bytes come as the archive sends them: nothing is decompressed here, so nothing can grow here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from urllib.parse import urlencode, urlsplit

from connectors.mllp.tls import client_context
from connectors.pacs.http import BusyError, HttpClient, HttpError, Line
from hub.kernel.archive import Archive
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Fetched

#: Requests to one archive at once; more wait for their turn.
CONNECTIONS: Final = 32
_PORTS: Final = {"http": 80, "https": 443}
_OK: Final = 200
#: What an archive says when it has no such object.
_ABSENT: Final = frozenset({204, 404, 410})
_NOT_ACCEPTABLE: Final = frozenset({406, 415})
_BUSY: Final = frozenset({429, 503})


class DicomwebArchive:
    """One archive."""

    def __init__(self, archive: Archive) -> None:
        base = urlsplit(archive.dicomweb)
        self._path: Final = base.path
        self._headers: Final = {"Host": base.netloc, "Accept-Encoding": "identity", "User-Agent": "yilian-hub"}
        if archive.credential is not None:
            self._headers["Authorization"] = _credential(archive)
        self._client: Final = HttpClient(
            base.hostname or "",
            base.port or _PORTS[base.scheme],
            client_context(archive.authority) if base.scheme == "https" else None,
            most=CONNECTIONS,
        )

    @asynccontextmanager
    async def fetch(self, path: str, query: Sequence[tuple[str, str]] = (), *, accept: str) -> AsyncIterator[Fetched]:
        """See `ImageArchive`. `path` is one the caller has judged."""
        target = f"{self._path}/{path}" + (f"?{urlencode(query)}" if query else "")
        async with AsyncExitStack() as stack:
            try:
                line = await stack.enter_async_context(self._client.get(target, {**self._headers, "Accept": accept}))
            except BusyError:
                raise _unavailable("has as many requests as it may have at once", "archive-busy") from None
            except (HttpError, OSError, TimeoutError) as error:
                raise _unavailable(f"does not answer ({type(error).__name__})", "archive-away") from None
            _judge(line.status, line.headers)
            length = line.headers.get("content-length", "")
            yield Fetched(
                media=line.headers.get("content-type", ""),
                length=int(length) if length.isascii() and length.isdecimal() else None,
                chunks=_chunks(line),
            )

    async def close(self) -> None:
        await self._client.close()


async def _chunks(line: Line) -> AsyncIterator[bytes]:
    try:
        async for chunk in line.body():
            yield chunk
    except (HttpError, TimeoutError) as error:
        raise _unavailable(f"stopped within its answer ({type(error).__name__})", "archive-away") from None


def _judge(status: int, headers: Mapping[str, str]) -> None:
    """Raise what an answer means that is not the one asked for. What it says beside its status is not repeated."""
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
    if status != _OK or headers.get("content-encoding", "identity") != "identity":
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
