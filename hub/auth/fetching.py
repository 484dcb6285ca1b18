"""JSON documents of other servers: one request to a judged address, within limits of size and time; nothing followed.

Plain http is for this machine alone. A host's address is judged when it is connected to (`hub.kernel.addresses`),
unless the consortium's own files name the host.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import httpx

from hub.fhir.json import loads
from hub.kernel.addresses import Resolve, is_loopback, permitted, resolve
from hub.kernel.errors import Category, HubError
from hub.kernel.trust import trusting
from hub.kernel.types import Json

_SECONDS: Final = 10
_MOST_BYTES: Final = 256 * 1024
_LONGEST_URL: Final = 2000
_HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "yilian-hub"}


class Fetcher:
    """Fetches from hosts that somebody named. `networks` are those their addresses must lie in, empty for public ones
    alone; None where the host itself was chosen by whoever runs the hub. `authority` is a PEM file of whom to trust."""

    def __init__(
        self, networks: Sequence[str] | None, authority: Path | None = None, *, resolver: Resolve = resolve
    ) -> None:
        self._networks: Final = networks
        self._authority: Final = authority
        self._resolver: Final = resolver
        self._context: ssl.SSLContext | None = None

    async def get(self, url: str) -> Json:
        """The JSON object at `url`. Raises HubError UNAVAILABLE for anything else."""
        status, body = await self._sent("GET", url)
        if status != httpx.codes.OK:
            raise _unavailable(f"answered {status}")
        return body

    async def post(
        self, url: str, form: Mapping[str, str], credential: tuple[str, str] | None = None
    ) -> tuple[int, Json]:
        """Status and JSON object that answer a form; `credential` goes as HTTP Basic. Raises HubError UNAVAILABLE."""
        return await self._sent("POST", url, form, credential)

    async def _sent(
        self, method: str, url: str, form: Mapping[str, str] | None = None, credential: tuple[str, str] | None = None
    ) -> tuple[int, Json]:
        parts = checked(url)
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._answered(method, parts, form, credential)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise _unavailable(f"does not answer ({type(error).__name__})") from None

    async def _answered(
        self, method: str, parts: SplitResult, form: Mapping[str, str] | None, credential: tuple[str, str] | None
    ) -> tuple[int, Json]:
        host = parts.hostname or ""
        async with httpx.AsyncClient(verify=self._trust(), trust_env=False, timeout=_SECONDS) as client:
            request = client.build_request(
                method,
                httpx.URL(parts.geturl()).copy_with(host=await self._address(host, parts.port or _port(parts))),
                headers={**_HEADERS, "host": parts.netloc},
                data=form,
                # The certificate is judged by the name, although the address is connected to.
                extensions={"sni_hostname": host},
            )
            auth = httpx.BasicAuth(*credential) if credential else None
            response = await client.send(request, stream=True, auth=auth, follow_redirects=False)
            try:
                return response.status_code, _object(await _bounded(response))
            finally:
                with suppress(httpx.HTTPError):
                    await response.aclose()

    async def _address(self, host: str, port: int) -> str:
        """The address to connect to."""
        found = await self._resolver(host, port)
        if self._networks is None:
            return found[0]
        allowed = permitted(found, self._networks)
        if not allowed:
            raise _unavailable("has no address that may be connected to")
        return str(allowed[0])

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = trusting(self._authority)
        return self._context


def checked(url: str, *, where: str = "url") -> SplitResult:
    """A URL that may be fetched: https, or http to this machine, without user, password and fragment.

    Raises HubError INVALID; the URL is not repeated.
    """
    printable = url.isascii() and url.isprintable() and not any(letter in url for letter in ' \\#@"<>')
    with suppress(ValueError):
        parts = urlsplit(url)
        host = parts.hostname or ""
        known = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
        if printable and host and known and len(url) <= _LONGEST_URL and parts.port != 0:
            return parts
    todo = "https://HOST/PATH, without user and fragment"
    raise HubError(Category.INVALID, "is no address to fetch from", where=where, todo=todo, code="fetch-url")


def _port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


async def _bounded(response: httpx.Response) -> bytes:
    """The body as it is sent: nothing is decompressed, so nothing can grow."""
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise _unavailable("says too much")
    return body


def _object(body: bytes) -> Json:
    try:
        found: Any = loads(body)
    except (ValueError, HubError, RecursionError):
        raise _unavailable("did not answer with JSON") from None
    if not isinstance(found, dict):
        raise _unavailable("did not answer with a JSON object")
    return found


def _unavailable(what: str) -> HubError:
    return HubError(Category.UNAVAILABLE, what, where="remote server", todo="look at it; try again", code="remote")
