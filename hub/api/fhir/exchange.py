"""One interaction as it was asked and as it is answered, whether it came by HTTP or inside a Bundle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct, field

from hub.api.fhir.shape import SHAPING, Shape
from hub.api.negotiation import Preference
from hub.auth.actor import Actor
from hub.fhir.patch.change import Change
from hub.gate.origin import UNKNOWN_ORIGIN, Origin
from hub.kernel.errors import HubError
from hub.kernel.types import Json

Params = Sequence[tuple[str, str]]


class Conditions(Struct, frozen=True, kw_only=True):
    """The conditional headers, or the elements of the same names in `Bundle.entry.request`; "" where absent."""

    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""
    if_none_exist: str = ""


UNCONDITIONAL: Final = Conditions()


class Ask(Struct, frozen=True, kw_only=True):
    """An interaction on `type`/`id`/`version` (as far as the URL names them) by `actor`, from `origin`.

    `params` are the decoded query parameters in their order, without those that only concern the form of the answer:
    `form` has these, `shape` what they make of its resources. `resource` is the parsed body of a create, an update, a
    batch or a transaction, `change` that of a patch; `unreadable` says why there is none where a body itself is judged.
    `accept` is the Accept of a request that would take a document as it is, "" where a resource is asked for.
    """

    actor: Actor
    origin: Origin = UNKNOWN_ORIGIN
    type: str = ""
    id: str = ""
    version: str = ""
    params: Params = ()
    form: Params = ()
    shape: Shape | None = None
    conditions: Conditions = UNCONDITIONAL
    preference: Preference = field(default_factory=Preference)
    resource: Json | None = None
    unreadable: HubError | None = None
    change: Change | None = None
    accept: str = ""

    @property
    def searched(self) -> Params:
        """What a search is told: the parameters, with those that shape its resources, for the record of the look."""
        return [*self.params, *(pair for pair in self.form if pair[0] in SHAPING)] if self.form else self.params


class Answer(Struct, frozen=True, kw_only=True):
    """Status and ready JSON; `location` is relative to the base (`Patient/x/_history/1`).

    So is `progress`, where a client that will wait asks how far it is. `outcome` says that the body is no resource of
    the record but an OperationOutcome about what was done. `media` is the type of a body that is a document as it is.
    """

    status: int
    body: bytes = b""
    version: int | None = None
    updated: datetime | None = None
    location: str = ""
    progress: str = ""
    outcome: bool = False
    media: str = ""
