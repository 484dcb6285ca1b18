"""Versions and instants in HTTP headers: ETag, If-Match, If-None-Match, If-Modified-Since.

https://hl7.org/fhir/R4/http.html#concurrency and RFC 9110 section 13.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Final

from hub.api.fhir.exchange import Ask, Conditions
from hub.kernel.errors import Category, HubError
from hub.kernel.versions import ANY

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")


def etag(version: int) -> str:
    """FHIR's weak tag of a version: `W/"3"`."""
    return f'W/"{version}"'


@lru_cache(maxsize=4)
def content_tag(body: bytes) -> str:
    """The weak tag of a body that has no version of its own: of what it says, in whatever form. Few bodies are kept."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_held(if_none_match: str, tag: str) -> bool:
    """Whether the client says that it has what bears a tag."""
    return if_none_match.strip() == "*" or not set(_TAG.findall(tag)).isdisjoint(_TAG.findall(if_none_match))


def http_date(instant: datetime) -> str:
    """An instant as an HTTP date (RFC 9110 section 5.6.7)."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def version_number(text: str) -> int | None:
    """A version id the hub could have given; None for any other text."""
    return int(text) if _VERSION.fullmatch(text) else None


def asked_version(ask: Ask) -> int:
    """The version a URL names. Raises HubError NOT_FOUND for what cannot be one, as for one that is absent."""
    version = version_number(ask.version)
    if version is None:
        raise HubError(Category.NOT_FOUND, "no such resource", where="URL")
    return version


def unchanged(conditions: Conditions, version: int, updated: datetime | None) -> bool:
    """Whether the client has this version already. If-None-Match wins over If-Modified-Since (RFC 9110 13.2.2), which
    tells nothing where no time is that of the last change (None).
    """
    if conditions.if_none_match:
        return conditions.if_none_match.strip() == "*" or str(version) in _TAG.findall(conditions.if_none_match)
    if conditions.if_modified_since and updated is not None:
        since = _instant(conditions.if_modified_since)
        return since is not None and updated.replace(microsecond=0) <= since
    return False


def expected_version(if_match: str, where: str = "If-Match") -> int | None:
    """The version an If-Match names, `ANY` for `*`; None when there is no condition. `where` is where it stands.

    Raises HubError UNREADABLE (400) when it is neither that nor one tag in quotes, as FHIR sends it, and PRECONDITION
    for a tag no version can have.
    """
    if not if_match:
        return None
    if if_match.strip() == "*":
        return ANY
    match = _TAG.fullmatch(if_match.strip())
    if match is None:
        raise HubError(
            Category.UNREADABLE, "is not the tag of one version", where=where, todo='send W/"n"', code="if-match"
        )
    version = version_number(match[1])
    if version is None:
        raise HubError(Category.PRECONDITION, "is the tag of no version", where=where, todo="read it again")
    return version


def _instant(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
