"""Who owns a subscription: the whole of what a token says of its bearer's rights, kept so that it can be judged later.

The owner is the same person or system with the same rights: role, organisation, client, person, patient, purposes,
form and scopes. A token with other rights is another owner, so a subscription never tells more than its bearer's token
does, and a narrower token never manages a wider subscription.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.kernel.errors import Category, HubError

#: An actor that is judged long after its token has its time from the clock of the gate; this one plays no part.
_EXPIRES: Final = datetime(2000, 1, 1, tzinfo=UTC)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The rights, and the number of the token they were shown with."""

    role: str
    organization: str
    client: str
    practitioner: str | None
    patient: str | None
    purpose: tuple[str, ...]
    form: str
    scopes: tuple[str, ...]
    token_id: str


def refuse_passing(actor: Actor) -> None:
    """Raises HubError FORBIDDEN for rights that are given for the moment: an emergency, a second person's approval."""
    if actor.break_glass is not None or actor.co_approval is not None:
        raise HubError(
            Category.FORBIDDEN,
            "a right given for the moment makes no subscription",
            where="access token",
            todo="use a token without break-glass and co-approval",
            code="passing-right",
        )


def owner_of(actor: Actor) -> str:
    """A digest of the rights: equal for the same owner."""
    rights = msgspec.structs.replace(_kept(actor), token_id="")
    return hashlib.sha256(msgspec.json.encode(rights)).hexdigest()


def pack(actor: Actor) -> str:
    """The owner as kept text."""
    return msgspec.json.encode(_kept(actor)).decode()


def unpack(text: str) -> Actor:
    """The owner as an actor."""
    kept = msgspec.json.decode(text, type=_Kept)
    return Actor(**msgspec.structs.asdict(kept), expires=_EXPIRES)


def still_stands(actor: Actor, directory: Directory) -> bool:
    """Whether the owner's organisation is still a member; one that acts for a patient needs none."""
    return not actor.organization or directory.knows(actor.organization)


def _kept(actor: Actor) -> _Kept:
    actor = replace(actor, purpose=tuple(sorted(actor.purpose)), scopes=tuple(sorted(set(actor.scopes))))
    return _Kept(
        role=actor.role,
        organization=actor.organization,
        client=actor.client,
        practitioner=actor.practitioner,
        patient=actor.patient,
        purpose=actor.purpose,
        form=actor.form,
        scopes=actor.scopes,
        token_id=actor.token_id,
    )
