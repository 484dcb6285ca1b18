"""From the scopes an application asks for to those it gets: never more than asked, nor than it is registered for. Pure.

Resource scopes are granted in the form of SMART App Launch 2 (`patient/Observation.rs`), whichever form they were
asked in: `read` is `rs`, `write` is `cud` (scopes-and-launch-context.html, Scopes for requesting FHIR Resources).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.auth import granular
from hub.auth.granular import Arguments
from hub.auth.scopes import is_about_no_record
from hub.kernel.errors import Category, HubError

OFFLINE: Final = "offline_access"
ONLINE: Final = "online_access"
LAUNCH: Final = "launch"
LAUNCH_PATIENT: Final = "launch/patient"

_SCOPE: Final = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?|read|write|\*)")
_VERSION_1: Final = {"read": "rs", "write": "cud", "*": "cruds"}
_READING: Final = frozenset("rs")


@dataclass(frozen=True, slots=True)
class Resources:
    """One resource scope: `patient`, `user` or `system`, a type or `*`, letters of `cruds`, and what narrows it."""

    context: str
    type: str
    letters: frozenset[str]
    arguments: Arguments = ()

    def __str__(self) -> str:
        narrowing = f"?{'&'.join(map(str, self.arguments))}" if self.arguments else ""
        letters = "".join(letter for letter in "cruds" if letter in self.letters)
        return f"{self.context}/{self.type}.{letters}{narrowing}"


def resources(scope: str) -> Resources | None:
    """A resource scope as it is enforced; None for any other text. What `patient/` would write is left out."""
    head, kind, text = granular.split(scope)
    found = _SCOPE.fullmatch(head)
    asked = () if text is None else granular.arguments(kind, text)
    if found is None or asked is None:
        return None
    letters = frozenset(_VERSION_1.get(found[3], found[3]))
    if asked and letters != _READING:
        return None
    return Resources(found[1], found[2], letters & _READING if found[1] == "patient" else letters, asked)


def registrable(scopes: Iterable[str], contexts: Sequence[str]) -> tuple[str, ...]:
    """`scopes` as they are registered, each once. Raises HubError INVALID for one the hub cannot enforce."""
    told: dict[str, None] = {}
    for scope in scopes:
        asked = resources(scope)
        usable = is_about_no_record(scope) if asked is None else bool(asked.letters) and asked.context in contexts
        if not usable:
            what = "has search arguments, which the hub cannot enforce" if "?" in scope else "cannot be enforced"
            todo = f"{' or '.join(f'{context}/TYPE.rs' for context in contexts)}, api/DOOR, openid, launch/patient"
            raise HubError(Category.INVALID, f"{scope[:100]!r} {what}", where="scope", todo=todo, code="scope")
        told[str(asked or scope)] = None
    return tuple(told)


def granted(asked: str, registered: Sequence[str]) -> tuple[str, ...]:
    """What of `asked` (separated by spaces) may be granted under `registered`; what nobody knows is left out."""
    told: dict[str, None] = {}
    for scope in asked.split():
        wanted = resources(scope)
        if wanted is not None:
            told |= dict.fromkeys(str(part) for part in _within(wanted, registered))
        elif scope in registered:
            told[scope] = None
    return tuple(told)


def _within(wanted: Resources, registered: Sequence[str]) -> list[Resources]:
    """A wanted scope cut down to what is registered; `*` becomes the types that are. Arguments of both hold."""
    found: dict[tuple[str, Arguments], frozenset[str]] = {}
    for ceiling in filter(None, map(resources, registered)):
        if ceiling.context == wanted.context and (wanted.type == "*" or ceiling.type in ("*", wanted.type)):
            kind = ceiling.type if wanted.type == "*" else wanted.type
            part = kind, granular.joined(wanted.arguments, ceiling.arguments)
            found[part] = found.get(part, frozenset()) | (wanted.letters & ceiling.letters)
    parts = [
        Resources(wanted.context, kind, letters, narrowing)
        for (kind, narrowing), letters in found.items()
        if letters == _READING or (letters and not narrowing)
    ]
    return [part for part in parts if not any(_contains(other, part) for other in parts)]


def _contains(other: Resources, part: Resources) -> bool:
    """Whether one part opens all that another, narrower one does."""
    narrower = set(other.arguments) < set(part.arguments)
    return narrower and other.type == part.type and part.letters <= other.letters
