"""FHIR asynchronous requests: how far a job is, its files, its end. https://hl7.org/fhir/R4/async.html

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request. The addresses are `$jobs/ID` and
`$jobs/ID/NUMBER`; to anybody but the client that started the job they do not exist.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hub.api.authorization import actor_of, refuse_tokens
from hub.api.failures import PRIVATE
from hub.api.fhir.exchange import Answer, Ask, Params
from hub.api.fhir.freshness import http_date
from hub.api.fhir.router import MethodNotAllowedError
from hub.api.query import read_query_bytes
from hub.api.services import Services
from hub.auth.actor import Actor
from hub.bulk.desk import Progress
from hub.bulk.model import File
from hub.fhir.json import dumps
from hub.gate.origin import Origin
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Where jobs are, below the base.
JOBS: Final = "/$jobs/"
NDJSON: Final = "application/fhir+ndjson"
_PATH: Final = re.compile(r"/\$jobs/([a-z2-7]{26})(?:/([1-9][0-9]{0,8}))?/?")
_ACCEPTED: Final = frozenset({NDJSON, "application/ndjson", "application/*", "*/*", "application/json"})
#: Seconds after which to ask again.
_AGAIN: Final = "5"


def refuse_now(ask: Ask) -> None:
    """Raises HubError UNSUPPORTED (400) for a client that does not say it will wait."""
    if not ask.preference.later:
        raise HubError(
            Category.UNSUPPORTED,
            "is answered asynchronously only",
            where="Prefer",
            todo="send Prefer: respond-async",
            code="respond-async",
        )


def kicked_off(job: str) -> Answer:
    """The answer to a request that became a job."""
    return Answer(status=202, progress=f"{JOBS[1:]}{job}")


def address(services: Services, path: str, params: Params) -> str:
    """The URL of a kick-off request."""
    query = urlencode(params)
    return f"{services.base_url}/{path}" + (f"?{query}" if query else "")


async def jobs(services: Services, request: Request, path: str, number: str) -> Response:
    """The answer to a request about a job.

    Raises HubError UNAUTHENTICATED, NOT_FOUND (also for somebody else's job), what the job failed by, FORBIDDEN.
    """
    refuse_tokens(name for name, _ in read_query_bytes(request.scope["query_string"]))
    actor = await actor_of(request.headers.get("authorization", ""), services.verify)
    match = _PATH.fullmatch(path)
    if match is None:
        raise HubError(Category.NOT_FOUND, "no such URL", where="URL")
    job, file = match[1], match[2]
    if request.method == "GET" and file:
        return await _file(services, request, actor, job, file, number)
    if request.method == "GET":
        return _told(services, job, await services.bulk.progress(actor, job))
    if request.method == "DELETE" and not file:
        await services.bulk.cancel(actor, job)
        return Response(b"", 202, dict(PRIVATE))
    raise MethodNotAllowedError("GET", *(() if file else ("DELETE",)))


async def _file(services: Services, request: Request, actor: Actor, job: str, file: str, number: str) -> Response:
    accept = request.headers.get("accept", "")
    if accept and not any(part.partition(";")[0].strip().lower() in _ACCEPTED for part in accept.split(",")):
        todo = f"ask for {NDJSON}"
        raise HubError(Category.UNSUPPORTED, "only NDJSON is served", where="Accept", todo=todo, code="not-acceptable")
    origin = Origin(address=request.client.host if request.client else "", request=number)
    lines: AsyncIterator[bytes] = await services.bulk.file(actor, job, file, origin=origin)
    return StreamingResponse(lines, 200, dict(PRIVATE), NDJSON)


def _told(services: Services, job: str, progress: Progress) -> Response:
    headers = dict(PRIVATE)
    if not progress.done:
        headers |= {"retry-after": _AGAIN, "x-progress": progress.text}
        return Response(b"", 202, headers)
    if progress.expires is not None:
        headers["expires"] = http_date(progress.expires)
    manifest = _exported(services, job, progress) if progress.kind == "export" else _imported(services, job, progress)
    return Response(dumps(manifest), 200, headers, "application/json")


def _exported(services: Services, job: str, progress: Progress) -> Json:
    """The manifest (export.html#response---complete-status).

    It has no counts: after a consent changed, they would tell how much is hidden.
    """
    items: dict[str, list[Json]] = {"output": [], "deleted": [], "error": []}
    for file in progress.files:
        rtype = "Bundle" if file.kind == "deleted" else file.type
        items[file.kind].append({"type": rtype, "url": _url(services, job, file)})
    return _common(progress) | items


def _imported(services: Services, job: str, progress: Progress) -> Json:
    errors = [{"type": file.type, "url": _url(services, job, file)} for file in progress.files]
    return _common(progress) | {"output": progress.result["output"], "error": errors}


def _common(progress: Progress) -> Json:
    time = datetime.fromisoformat(progress.result["transactionTime"]).isoformat(timespec="microseconds")
    return {"transactionTime": time, "request": progress.request, "requiresAccessToken": True}


def _url(services: Services, job: str, file: File) -> str:
    return f"{services.base_url}{JOBS}{job}/{file.number}"
