"""SMART App Launch scopes as a ceiling under the role (http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html).

A token without scopes is limited by its role alone. `user/` and `system/` scopes name types and the letters c r u d s
(version 1 spells them read, write and *). `patient/` scopes read only, need a token bound to a patient, and confine the
whole token to that person (hub.gate). Scopes with search arguments (`hub.auth.granular`) open part of a type. An
application (`hub.auth.oauth`) may also have scopes that say what it is told (`openid`,
`launch/patient`) or which door below `/api` it opens (`api/feeds`); they leave nothing of the record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from hub.auth import granular
from hub.kernel.errors import Category, HubError

Letter = Literal["c", "r", "u", "d", "s"]

#: Scopes of an application that ask for context or identity, not for resources.
CONTEXT: Final = frozenset(
    {
        *("openid", "fhirUser", "launch", "launch/patient", "launch/encounter"),
        *("offline_access", "online_access"),
    }
)
_DOOR: Final = re.compile(r"api/[a-z]+(?:-[a-z]+)*")
_SCOPE: Final = re.compile(
    r"(?:(?:user|system)/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?|read|write|\*)"
    r"|patient/(\*|[A-Z][A-Za-z]{1,63})\.(r?s?|read))"
)
_OF_A_PATIENT: Final = "patient/"
_VERSION_1: Final = {"read": "rs", "write": "cud", "*": "cruds"}


def check(scopes: Sequence[str], patient: str | None = None, *, of_app: bool = False) -> tuple[str, ...]:
    """`scopes` as they are, for a token bound to `patient`; one of an application has scopes, and may have others.

    Raises HubError INVALID for one the hub cannot enforce, or when an application has none: it would have all.
    """
    if of_app and not scopes:
        raise HubError(Category.INVALID, "an application without scopes", where="scope", code="scope")
    for scope in scopes:
        if of_app and is_about_no_record(scope):
            continue
        if not _letters(scope)[1] or (scope.startswith(_OF_A_PATIENT) and not patient):
            raise HubError(
                Category.INVALID,
                "not a scope the hub can enforce",
                where="scope",
                todo="user/TYPE.cruds or system/TYPE.cruds, TYPE a resource type or *; "
                "patient/TYPE.rs with a token bound to a patient; arguments as docs/how-to/connect-an-app.md says",
                code="scope",
            )
    return tuple(scopes)


def allows(scopes: Sequence[str], resource_type: str, letter: Letter) -> bool:
    """Whether the ceiling leaves this interaction on this type; `resource_type` `*` asks for every type."""
    if not scopes:
        return True
    return any(letter in letters and kind in ("*", resource_type) for kind, letters in map(_letters, scopes))


def is_about_no_record(scope: str) -> bool:
    """Whether it is a scope of an application that leaves nothing of the record."""
    return scope in CONTEXT or _DOOR.fullmatch(scope) is not None


def opens(scopes: Sequence[str], door: str) -> bool:
    """Whether an application may use the doors of this name below `/api`."""
    return f"api/{door}" in scopes


def confines(scopes: Sequence[str]) -> bool:
    """Whether they open the record of the token's own patient only."""
    return any(scope.startswith(_OF_A_PATIENT) for scope in scopes)


def _letters(scope: str) -> tuple[str, str]:
    head, named, text = granular.split(scope)
    match = _SCOPE.fullmatch(head)
    if match is None or (text is not None and granular.arguments(named, text) is None):
        return "", ""
    kind, letters = match.group(1) or match.group(3), match.group(2) or match.group(4) or ""
    known = _VERSION_1.get(letters, letters)
    return (kind, known) if text is None or known == granular.LETTERS else ("", "")
