"""What WADO-RS can fetch, as the shape of a path below the base (PS3.18 10.4): nothing else reaches an archive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

from hub.kernel.errors import Category, HubError

#: Digits and dots, at most 64 (PS3.5 9.1); zeros at the beginning of a component do occur.
UID: Final = r"(?=[0-9.]{1,64}(?:/|\Z))[0-9]+(?:\.[0-9]+)*"
_FRAMES: Final = r"[0-9]{1,6}(?:,[0-9]{1,6}){0,499}"
#: Archives name bulk data as they like: words that are no way up.
_BULK: Final = r"bulk(?:data)?(?:/(?!\.{1,2}(?:/|\Z))[0-9A-Za-z_.,-]{1,128}){0,8}"
_PATH: Final = re.compile(
    rf"studies/(?P<study>{UID})"
    rf"(?:/series/(?P<series>{UID})(?:/instances/(?P<instance>{UID})(?:/frames/(?P<frames>{_FRAMES}))?)?)?"
    rf"(?:/(?P<form>metadata|rendered|thumbnail|pixeldata|{_BULK}))?"
)
#: Some archives leave the series out where they name bulk data (PS3.18 8.2 lets them).
_BULK_PATH: Final = re.compile(rf"studies/(?P<study>{UID})/instances/(?P<instance>{UID})/(?P<form>{_BULK})")
#: Parameters of rendered images and of parts of bulk data.
_PARAMETERS: Final = frozenset(
    {"accept", "annotation", "charset", "iccprofile", "length", "offset", "quality", "viewport", "window"}
)
_VALUE: Final = re.compile(r"[0-9A-Za-z ._,;:=/*+-]{1,200}")

Form = Literal["objects", "metadata", "other"]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One request: the study, the path below the base as it goes to the archive, and what comes back."""

    study: str
    path: str
    form: Form


def retrieval(path: str) -> Retrieval | None:
    """What a path below the base fetches; None where it fetches nothing."""
    found = _PATH.fullmatch(path) or _BULK_PATH.fullmatch(path)
    if found is None:
        return None
    named = found.groupdict()
    form: Form = "metadata" if named["form"] == "metadata" else "other"
    if named["form"] is None and named.get("frames") is None:
        form = "objects"
    if form == "metadata" and named.get("frames"):
        return None
    return Retrieval(named["study"], path, form)


def parameters(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The parameters of a request as they go to the archive. Raises HubError UNSUPPORTED for one that cannot."""
    for name, value in pairs:
        if name not in _PARAMETERS or not _VALUE.fullmatch(value):
            what = "is no parameter of a retrieval, or has no value of one"
            raise HubError(Category.UNSUPPORTED, what, where="URL", code="unknown-parameter")
    return list(pairs)


def asked(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """A request as the audit trail names it."""
    return f"{path}?{urlencode(pairs)}" if pairs else path
