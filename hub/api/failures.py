"""The one place where a refusal or a defect becomes an HTTP answer: status, OperationOutcome, headers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from hub.api.authorization import CHALLENGE
from hub.api.representation import PLAIN, Representation
from hub.fhir.json import dumps
from hub.fhir.outcome import operation_outcome
from hub.kernel.errors import HTTP, Category, HubError, TooSoonError
from hub.kernel.types import Json
from hub.records.refusal import NonconformantError

#: Where HTTP or R4 asks for another status than that of the category (R4 http.html, RFC 9110).
STATUS_OF_CODE: Final[Mapping[str, int]] = {
    "criterion": 400,
    "deleted": 410,
    "disk-full": 507,
    "id-mismatch": 400,
    "media-type": 415,
    "method": 405,
    "not-acceptable": 406,
    "search-value": 400,
}

#: Headers of every answer of the FHIR API: records are never kept by a cache nor sniffed by a browser.
PRIVATE: Final[Mapping[str, str]] = {"cache-control": "no-store, private", "x-content-type-options": "nosniff"}

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def status_of(error: HubError) -> int:
    """HTTP status of a refusal."""
    return STATUS_OF_CODE.get(error.code, HTTP[error.category].status)


def outcome_of(error: HubError) -> Json:
    """OperationOutcome of a refusal; one with several complaints names each."""
    return operation_outcome(error.issues if isinstance(error, NonconformantError) else error)


def defect(request_number: str) -> HubError:
    """What a client is told of a defect: nothing but the number under which the log has it."""
    return HubError(Category.FAULT, "the hub failed", where=f"request {request_number}", todo="report this number")


def refusal(error: HubError, *, form: Representation = PLAIN, more: Mapping[str, str] = _NONE) -> Response:
    """The HTTP answer to a refusal, in the form the client asked for, with some headers more."""
    headers = {**PRIVATE, **more}
    if error.category is Category.UNAUTHENTICATED:
        headers["www-authenticate"] = CHALLENGE if error.code == "no-token" else f'{CHALLENGE}, error="invalid_token"'
    if error.category in (Category.UNAVAILABLE, Category.THROTTLED):
        headers["retry-after"] = str(error.seconds if isinstance(error, TooSoonError) else 1)
    return Response(form.of(dumps(outcome_of(error))), status_of(error), headers, form.format.content_type)
