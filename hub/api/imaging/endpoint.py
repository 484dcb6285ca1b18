"""The door of images: who asks, whether the gate permits, then the archive's bytes or the index's answer.

A plain ASGI application, as that of `/fhir`: what is sent is decided here byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hub.api.authorization import actor_of, refuse_tokens
from hub.api.failures import PRIVATE, defect, refusal
from hub.api.imaging.answer import answers
from hub.api.imaging.parts import boundary_of, own_parts
from hub.api.imaging.pump import Pump
from hub.api.imaging.question import Question, question
from hub.api.imaging.retrieval import Retrieval, asked, parameters, retrieval
from hub.api.imaging.rewriting import own_addresses
from hub.api.numbering import Numbering
from hub.api.services import Services
from hub.auth.actor import Actor
from hub.fhir.json import dumps, loads
from hub.gate.origin import Origin
from hub.kernel.archive import PREFIX
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import ImageArchive
from hub.kernel.types import Fetched

DICOM_JSON: Final = "application/dicom+json"
#: What an archive may send to a client: nothing that a browser would run.
_MEDIA: Final = re.compile(
    r"(?:application/(?:dicom|octet-stream|pdf|zip)|image/(?!svg)[a-z0-9.+-]+|video/[a-z0-9.+-]+|text/plain"
    r"|multipart/related)(?:\s*;[\x20-\x7e]{0,300})?",
    re.IGNORECASE,
)
_JSON: Final = re.compile(r"application/(?:dicom\+)?json\b[\x20-\x7e]{0,100}", re.IGNORECASE)
_ACCEPT: Final = re.compile(r"[\x20-\x7e]{0,1000}")
_NAME: Final = re.compile(r"[A-Za-z0-9]{1,64}")
_HEADERS: Final[Mapping[str, str]] = {
    **PRIVATE,
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-site",
}
_NOT_FUZZY: Final = (
    '299 yilian "The fuzzymatching parameter is not supported. Only literal matching has been performed."'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One archive behind the door. `study_id` gives the id of the ImagingStudy of a UID, `endpoint` is the id of the
    Endpoint that its studies name, `base` the hub's own address for it. `missing` is told the UID of a study that the
    archive gave nothing of."""

    archive: ImageArchive
    study_id: Callable[[str], str]
    endpoint: str
    base: str
    missing: Callable[[str], None] = lambda _: None


def imaging_route(services: Services, sources: Mapping[str, Source]) -> Route:
    """The route of all archives."""
    route = Route(PREFIX + "/{archive}/{path:path}", ImagingEndpoint(services, sources), methods=["GET"])
    route.methods = {"GET"}  # without the HEAD that is added to it
    return route


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One request that has a valid token."""

    actor: Actor
    origin: Origin
    path: str
    pairs: Sequence[tuple[str, str]]
    accept: str


class ImagingEndpoint:
    """Answers for every archive."""

    def __init__(self, services: Services, sources: Mapping[str, Source]) -> None:
        self._services: Final = services
        self._sources: Final = sources
        self._numbering: Final = Numbering(services.new_id()[:6])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, number = Request(scope, receive), self._numbering.next()
        try:
            response = await self._respond(request, send, number)
        except HubError as error:
            response = refusal(error)
        except Exception as error:
            self._services.log.failure("request-failed", error, request=number, method=request.method, route=PREFIX)
            response = refusal(defect(number))
        if response is not None:
            response.headers["x-request-id"] = number
            await response(scope, receive, send)

    async def _respond(self, request: Request, send: Send, number: str) -> Response | None:
        """The answer; None where it has been sent already."""
        asking = await self._asking(request, number)
        source = self._sources.get(request.path_params["archive"])
        if source is None:
            raise _absent()
        wanted = question(asking.path, asking.pairs, source.endpoint)
        if wanted is not None:
            return await self._search(asking, wanted, source)
        fetched = retrieval(asking.path)
        if fetched is None:
            raise _absent()
        await self._retrieve(asking, fetched, source, request, send)
        return None

    async def _asking(self, request: Request, number: str) -> _Asking:
        pairs = _pairs(request.scope["query_string"])
        refuse_tokens(name for name, _ in pairs)
        accept = request.headers.get("accept", "") or "*/*"
        if not _ACCEPT.fullmatch(accept):
            raise HubError(Category.UNSUPPORTED, "is no list of media types", where="Accept", code="not-acceptable")
        return _Asking(
            actor=await actor_of(request.headers.get("authorization", ""), self._services.verify),
            origin=Origin(address=request.client.host if request.client else "", request=number),
            path=request.path_params["path"],
            pairs=pairs,
            accept=accept,
        )

    async def _search(self, asking: _Asking, wanted: Question, source: Source) -> Response:
        """Studies, series or instances of the index that the gate permits; the archive is not asked."""
        page = await self._services.gate.search(asking.actor, "ImagingStudy", wanted.search, origin=asking.origin)
        if wanted.described is not None and page.next is not None:
            todo = "narrow it by days, a modality or a patient"
            raise HubError(Category.TOO_LARGE, "would choose among too many studies", where="URL", todo=todo)
        studies = [loads(one.body) for one in page.matches]
        patients = {f"{one.type}/{one.id}": loads(one.body) for one in page.included}
        headers = {**_HEADERS, "content-type": DICOM_JSON} | ({"warning": _NOT_FUZZY} if wanted.fuzzy else {})
        return Response(dumps(answers(studies, patients, wanted, source.base)), 200, headers)

    async def _retrieve(self, asking: _Asking, wanted: Retrieval, source: Source, request: Request, send: Send) -> None:
        """What the archive has of a study that the gate permits; recorded before it is asked."""
        pairs = parameters(asking.pairs)
        if wanted.form == "metadata" and not _takes_json(asking.accept):
            todo = f"ask for {DICOM_JSON}"
            raise HubError(Category.UNSUPPORTED, "metadata is JSON", where="Accept", todo=todo, code="not-acceptable")
        study, path = source.study_id(wanted.study), asked(wanted.path, pairs)
        await self._services.gate.images(asking.actor, study, path, origin=asking.origin)
        accept = DICOM_JSON if wanted.form == "metadata" else asking.accept
        try:
            async with source.archive.fetch(wanted.path, pairs, accept=accept) as found:
                await self._carry(asking, wanted, source, found, request, send)
        except HubError as error:
            if error.category is Category.NOT_FOUND:
                source.missing(wanted.study)
            raise

    async def _carry(
        self, asking: _Asking, wanted: Retrieval, source: Source, found: Fetched, request: Request, send: Send
    ) -> None:
        chunks, headers = _own(found, wanted, source.base)
        left = (asking.actor.expires - self._services.clock()).total_seconds()
        pump = Pump(request.receive, send, seconds=max(left, 0))
        started = perf_counter()
        code = ""
        try:
            await pump.carry(chunks, headers | {"x-request-id": asking.origin.request})
        except HubError as error:
            code = error.code  # the answer has begun: that it has no end is all that can be said
        except Exception as error:
            self._services.log.failure("request-failed", error, request=asking.origin.request, route=PREFIX)
        self._services.log.event(
            "images-sent" if pump.complete else "images-cut-short",
            level="DEBUG" if pump.complete else "WARNING",
            request=asking.origin.request,
            bytes=pump.sent,
            seconds=round(perf_counter() - started, 3),
            code=code,
        )


def _own(found: Fetched, wanted: Retrieval, base: str) -> tuple[AsyncIterator[bytes], dict[str, str]]:
    """The bytes and headers of an answer as the hub gives them. Raises HubError UNAVAILABLE for what it does not."""
    headers = {**_HEADERS, "content-type": found.media}
    if wanted.form == "metadata":
        if not _JSON.fullmatch(found.media):
            raise _refused()
        return own_addresses(found.chunks, base), headers | {"content-type": DICOM_JSON}
    if not _MEDIA.fullmatch(found.media):
        raise _refused()
    if found.media.lower().startswith("multipart/"):
        return own_parts(found.chunks, boundary_of(found.media), base), headers
    return found.chunks, headers | ({} if found.length is None else {"content-length": str(found.length)})


def _takes_json(accept: str) -> bool:
    return "json" in accept.lower() or "*/*" in accept or "application/*" in accept


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    """The parameters of a query; names are keywords, or tags in hexadecimal."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise HubError(Category.UNREADABLE, "is not a query", where="URL", code="query") from None
    if not all(name in {"access_token", "id_token"} or _NAME.fullmatch(name) for name, _ in pairs):
        raise HubError(Category.UNSUPPORTED, "has a name that no parameter has", where="URL", code="unknown-parameter")
    if any("\0" in value for _, value in pairs):
        raise HubError(Category.UNREADABLE, "is not a query", where="URL", code="query")
    return pairs


def _refused() -> HubError:
    what = "answered in a media type that the hub does not pass on"
    return HubError(Category.UNAVAILABLE, what, where="imaging archive", code="archive-refused")


def _absent() -> HubError:
    """What is told of every archive, study and path that is not there, or not for this requester."""
    return HubError(Category.NOT_FOUND, "no such resource", where="URL")
