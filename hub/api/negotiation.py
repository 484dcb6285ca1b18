"""Content negotiation: what the client sends, wants and prefers (R4 http.html#mime-type, #return, #handling).

JSON and XML are spoken, in UTF-8. A request for anything else alone is refused as such (406, 415), not answered in
JSON regardless.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

from hub.kernel.errors import Category, HubError

#: Media types of each format, the one of R4 first: bodies may have any, answers have the one that was asked for.
JSON_TYPES: Final = ("application/fhir+json", "application/json", "text/json", "application/json+fhir")
XML_TYPES: Final = ("application/fhir+xml", "application/xml", "text/xml", "application/xml+fhir")

#: Those of them that nothing but FHIR has.
_FHIR_TYPES: Final = frozenset({one for one in (*JSON_TYPES, *XML_TYPES) if "fhir" in one})

_FORMATS: Final[Mapping[str, Literal["json", "xml"]]] = {
    **dict.fromkeys(JSON_TYPES, "json"),
    **dict.fromkeys(XML_TYPES, "xml"),
}
#: A media type with its parameters, as it may be repeated in a header.
MEDIA: Final = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*", re.ASCII)
#: The version of FHIR spoken here, by the names fhirVersion may have for it (R4 versions.html#mt-version).
_VERSIONS: Final = frozenset({"4.0", "4.0.0", "4.0.1"})
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})
_WEIGHT: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")

Return = Literal["minimal", "representation", "OperationOutcome"]
_RETURNS: Final[dict[str, Return]] = {
    "minimal": "minimal",
    "representation": "representation",
    "operationoutcome": "OperationOutcome",
}


class Format(Struct, frozen=True):
    """A format of answers, and what their Content-Type says."""

    name: Literal["json", "xml"]
    content_type: str


FHIR_JSON: Final = "application/fhir+json; charset=utf-8"
JSON: Final = Format("json", FHIR_JSON)
XML: Final = Format("xml", "application/fhir+xml; charset=utf-8")
#: The short forms of `_format` and the media types it may have instead (R4 http.html#mime-type).
_BY_NAME: Final[Mapping[str, Format]] = {
    name: XML if kind == "xml" else JSON for name, kind in {**_FORMATS, "json": "json", "xml": "xml"}.items()
}


class Preference(Struct, frozen=True):
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


def wanted_format(accept: str, formats: Sequence[str] = (), charsets: str = "") -> Format:
    """The format of the answer, by `_format` or else by `Accept`, its weights and specificity (RFC 9110 12.5.1).

    `charsets` is Accept-Charset. Raises HubError UNSUPPORTED (406) when neither JSON nor XML in UTF-8 is among what is
    asked for, or `_format` names two.
    """
    found: Format | None = JSON
    if formats:
        named = {_named(text) for text in formats}
        found = named.pop() if len(named) == 1 else None
    elif accept:
        found = _negotiated(accept)
    if found is None or (charsets and not _takes_utf8(charsets)):
        raise HubError(
            Category.UNSUPPORTED,
            "only JSON and XML in UTF-8 are served",
            where="_format" if formats else "Accept",
            todo="ask for application/fhir+json or application/fhir+xml",
            code="not-acceptable",
        )
    return found


def document_accept(accept: str, formats: Sequence[str] = ()) -> str:
    """The Accept of somebody who would take a document as it is; "" where FHIR is asked for by name.

    As R4 has it (binary.html#rest): only `_format` and the media types of FHIR ask for the resource.
    """
    asks_fhir = any(_media(part)[0] in _FHIR_TYPES for part in accept.split(","))
    return "" if formats or asks_fhir else accept or "*/*"


def accepts(accept: str, media: str) -> bool:
    """Whether an Accept takes a media type, whatever it says of others."""
    bare = media.partition(";")[0].strip().lower()
    wanted = {bare, bare.partition("/")[0] + "/*", "*/*"}
    return any(
        name in wanted and parameters.get("q", "1").strip("0.") != ""
        for name, parameters in map(_media, accept.split(","))
    )


def media_type(content_type: str) -> str:
    """The media type of a body, in lower case.

    Raises HubError UNSUPPORTED (415) unless it is said to be in UTF-8, and of FHIR 4.0 if it names a version.
    """
    media, sound = _body_type(content_type)
    if not sound:
        raise unsupported_media("is not in UTF-8 or not of FHIR 4.0")
    return media


def check_content_type(content_type: str) -> None:
    """Raises HubError UNSUPPORTED (415) unless the body is said to be JSON in UTF-8 of FHIR 4.0."""
    if media_type(content_type) not in JSON_TYPES:
        raise unsupported_media("is not FHIR JSON", "application/fhir+json")


def unsupported_media(what: str, todo: str = "application/fhir+json or application/fhir+xml") -> HubError:
    """The refusal of a body for what it is said to be (415)."""
    return HubError(
        Category.UNSUPPORTED,
        f"the body {what}",
        where="Content-Type",
        todo=f"send {todo} in UTF-8",
        code="media-type",
    )


class _Range(Struct, frozen=True):
    """One media range of an Accept header: what it takes, how much, and where it stands."""

    media: str
    weight: float
    place: int
    versioned: bool


@lru_cache(maxsize=256)
def _negotiated(accept: str) -> Format | None:
    """The best format: the highest weight, then the range that stands first, then the order of this module."""
    ranges = {found.media: found for found in reversed(_ranges(accept))}
    best: tuple[float, int] | None = None
    chosen = None
    for media, kind in _FORMATS.items():
        found = ranges.get(media) or ranges.get(media.partition("/")[0] + "/*") or ranges.get("*/*")
        if found is None or not found.weight:
            continue
        rank = (found.weight, -found.place)
        if best is None or rank > best:
            version = "; fhirVersion=4.0" if found.versioned else ""
            best, chosen = rank, Format(kind, f"{media}{version}; charset=utf-8")
    return chosen


def _ranges(accept: str) -> list[_Range]:
    """The ranges R4 in UTF-8 falls under."""
    found = []
    for place, part in enumerate(accept.split(",")):
        media, parameters = _media(part)
        weight = parameters.get("q", "1")
        if _fits(parameters):
            number = float(weight) if _WEIGHT.fullmatch(weight) else 1.0
            found.append(_Range(media, number, place, "fhirversion" in parameters))
    return found


@lru_cache(maxsize=64)
def _takes_utf8(charsets: str) -> bool:
    weights = {name: parameters.get("q", "1") for name, parameters in map(_media, charsets.split(","))}
    return weights.get("utf-8", weights.get("*", "0")).strip("0.") != ""


def _named(text: str) -> Format | None:
    """The format of a `_format`; in a query, the plus of a media type that was not escaped has become a space."""
    media, parameters = _media(text)
    return _BY_NAME.get(media.replace(" ", "+")) if _fits(parameters) else None


@lru_cache(maxsize=256)
def _body_type(content_type: str) -> tuple[str, bool]:
    media, parameters = _media(content_type)
    return media, _fits(parameters)


def _fits(parameters: Mapping[str, str]) -> bool:
    version = parameters.get("fhirversion", "4.0")
    return version in _VERSIONS and parameters.get("charset", "utf-8").lower() in _UTF8


def _media(text: str) -> tuple[str, dict[str, str]]:
    media, *parameters = text.split(";")
    return media.strip().lower(), dict(_pair(part) for part in parameters)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')
