"""Why a message stands where it stands, as kept beside it: categories, codes and positions, never patient data."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json

#: Issues kept with a message; the rest are counted.
_KEPT: Final = 50


#: Longest text kept of a header field or a reason, in characters.
_LONGEST: Final = 500


def storable(text: str) -> str:
    """Text PostgreSQL takes: no NUL, no half of a surrogate pair, not endless."""
    return text[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A refusal in the words of the error taxonomy, `issues` of a translation, and the message it `repeats`."""

    category: str = ""
    code: str = ""
    where: str = ""
    what: str = ""
    todo: str = ""
    issues: tuple[Issue, ...] = ()
    repeats: int | None = None

    def as_json(self) -> Json:
        """Only what is said."""
        words = ("category", "code", "where", "what", "todo")
        said: Json = {name: storable(getattr(self, name)) for name in words if getattr(self, name)}
        if self.issues:
            said["issues"] = [
                {key: storable(value) for key, value in issue.as_json().items()} for issue in self.issues[:_KEPT]
            ]
        if len(self.issues) > _KEPT:
            said["more"] = len(self.issues) - _KEPT
        if self.repeats is not None:
            said["repeats"] = self.repeats
        return said

    @classmethod
    def from_json(cls, said: Json | None) -> Reason:
        values: dict[str, Any] = {key: value for key, value in (said or {}).items() if key not in {"issues", "more"}}
        return cls(**values, issues=tuple(Issue(**issue) for issue in (said or {}).get("issues", ())))


def refused(error: HubError, issues: Sequence[Issue] = ()) -> Reason:
    """The reason of a dead letter."""
    return Reason(
        category=error.category.value,
        code=error.code,
        where=error.where,
        what=error.what,
        todo=error.todo,
        issues=tuple(issues),
    )


def fault(error: BaseException) -> HubError:
    """An unexpected exception as a refusal: its class and position only, since its text may repeat the message."""
    frames = traceback.extract_tb(error.__traceback__)
    position = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return HubError(
        Category.FAULT,
        f"the hub failed with {type(error).__name__}",
        where=position,
        todo="report this defect with the message number; replay the message once it is mended",
        code=type(error).__name__,
    )
