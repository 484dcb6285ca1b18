"""`POST /api/imaging/{feed}/notices`: an archive tells that a study is complete; its metadata is pulled at once.

The answer comes when what the archive says of the study is in the inbox, with the state it was stored in. An archive
that gets another answer tells again, or is asked by polling.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from hub.api.asked import member, members_only
from hub.api.imaging.retrieval import UID
from hub.api.json_doors import Asking, Door, Told
from hub.auth.directory import Directory
from hub.kernel.consortium import Consortium
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Accepted

#: Roles that may tell of studies of their legal entity; an administrator may of all.
TELLERS: Final = ("feed", "integration-engineer", "administrator")
_UID: Final = re.compile(UID)

#: Pulls a study (UID) for whoever told of it.
Puller = Callable[[str, str], Awaitable[Accepted]]


def notice_doors(pulls: Mapping[str, Puller], consortium: Consortium, directory: Directory) -> list[Door]:
    """The door for notices; `pulls` by feed."""

    async def tell(ask: Asking) -> Told:
        if ask.actor.role not in TELLERS:
            raise HubError(Category.FORBIDDEN, "this role tells of no studies", where="role", code="role")
        members_only(ask, "study")
        study = member(ask, "study", str, "")
        if not _UID.fullmatch(study):
            raise HubError(Category.INVALID, "is no UID", where="body.study", code="body")
        if ask.id not in pulls or not _ours(ask):
            todo = "name a feed of your organisation that has an archive"
            raise HubError(Category.NOT_FOUND, "no feed of this name pulls studies", where="URL", todo=todo)
        accepted = await pulls[ask.id](study, f"notice {ask.origin.address}")
        return Told(body={"message": accepted.message, "state": accepted.state.value}, status=201)

    def _ours(ask: Asking) -> bool:
        facility = consortium.feeds[ask.id].facility
        return ask.actor.role == "administrator" or facility in directory.same_entity(ask.actor.organization)

    return [
        Door(
            method="POST",
            path="/api/imaging/{id}/notices",
            summary="Tell that a study of an archive is complete or has changed: what the archive says of it is pulled",
            roles=TELLERS,
            handle=tell,
            takes="StudyNotice",
            gives="PulledStudy",
            status=201,
        )
    ]
