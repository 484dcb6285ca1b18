"""Content negotiation: what the client sends, wants and prefers (R4 http.html#mime-type, #return, #handling).

JSON is spoken. A request for anything else alone is refused as such (406, 415), not answered in JSON regardless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from hub.kernel.errors import Category, HubError

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"

_JSON: Final = frozenset({"application/fhir+json", "application/json", "application/json+fhir", "text/json"})
_ANY: Final = frozenset({"*/*", "application/*"})
_FORMATS: Final = _JSON | {"json"}

Return = Literal["minimal", "representation", "OperationOutcome"]
_RETURNS: Final[dict[str, Return]] = {
    "minimal": "minimal",
    "representation": "representation",
    "operationoutcome": "OperationOutcome",
}


@dataclass(frozen=True, slots=True)
class Preference:
    """What `Prefer` says. `returned` is None when the client left it open. `later`: `respond-async`."""

    returned: Return | None = None
    lenient: bool = False
    later: bool = False


@lru_cache(maxsize=256)
def preference(header: str) -> Preference:
    """Read `Prefer`; preferences nobody knows are ignored, as RFC 7240 section 2 demands."""
    words = dict(_pair(part) for part in header.replace(";", ",").split(","))
    lenient = words.get("handling", "").lower() == "lenient"
    return Preference(_RETURNS.get(words.get("return", "").lower()), lenient, later="respond-async" in words)


def check_accept(accept: str, formats: Sequence[str]) -> None:
    """`_format` wins over `Accept`. Raises HubError UNSUPPORTED (406) when JSON is not among what is asked for."""
    if formats:
        acceptable = all(f.split(";")[0].strip().replace(" ", "+").lower() in _FORMATS for f in formats)
    else:
        acceptable = not accept or _accepts_json(accept)
    if not acceptable:
        raise HubError(
            Category.UNSUPPORTED,
            "only JSON is served",
            where="Accept",
            todo="ask for application/fhir+json",
            code="not-acceptable",
        )


def check_content_type(content_type: str) -> None:
    """Raises HubError UNSUPPORTED (415) unless the body is said to be JSON in UTF-8 of FHIR 4.0."""
    if not _is_json_body(content_type):
        raise HubError(
            Category.UNSUPPORTED,
            "the body is not FHIR JSON",
            where="Content-Type",
            todo="send application/fhir+json in UTF-8",
            code="media-type",
        )


@lru_cache(maxsize=256)
def _accepts_json(accept: str) -> bool:
    for part in accept.split(","):
        media, parameters = _media(part)
        if media in _JSON | _ANY and _version_fits(parameters) and parameters.get("q", "1").strip("0.") != "":
            return True
    return False


@lru_cache(maxsize=256)
def _is_json_body(content_type: str) -> bool:
    media, parameters = _media(content_type)
    charset = parameters.get("charset", "utf-8").lower()
    return media in _JSON and charset in {"utf-8", "utf8", "us-ascii"} and _version_fits(parameters)


def _version_fits(parameters: dict[str, str]) -> bool:
    return parameters.get("fhirversion", "4.0").startswith("4.0")


def _media(text: str) -> tuple[str, dict[str, str]]:
    media, *parameters = text.split(";")
    return media.strip().lower(), dict(_pair(part) for part in parameters)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')
