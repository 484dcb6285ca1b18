"""One interaction as it was asked and as it is answered, whether it came by HTTP or inside a Bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.api.negotiation import Preference
from hub.auth.actor import Actor
from hub.gate.origin import UNKNOWN_ORIGIN, Origin
from hub.kernel.types import Json

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditional headers, or the elements of the same names in `Bundle.entry.request`; "" where absent."""

    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""
    if_none_exist: str = ""


UNCONDITIONAL: Final = Conditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An interaction on `type`/`id`/`version` (as far as the URL names them) by `actor`, from `origin`.

    `params` are the decoded query parameters in their order, without those that only concern the form of the answer.
    `resource` is the parsed body of a create, an update, a batch or a transaction.
    """

    actor: Actor
    origin: Origin = UNKNOWN_ORIGIN
    type: str = ""
    id: str = ""
    version: str = ""
    params: Params = ()
    conditions: Conditions = UNCONDITIONAL
    preference: Preference = field(default_factory=Preference)
    resource: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status and ready JSON; `location` is relative to the base (`Patient/x/_history/1`).

    So is `progress`, where a client that will wait asks how far it is.
    """

    status: int
    body: bytes = b""
    version: int | None = None
    updated: datetime | None = None
    location: str = ""
    progress: str = ""
