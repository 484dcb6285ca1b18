"""`POST /api/feeds/{feed}`: a file of a feed of transport http, taken into the inbox before the answer.

The answer names every message with the state it was stored in, and what a person has to mend. What the messages become
is told by the doors of the inbox. A file that cannot be taken apart is kept as a dead letter and refused. Who sent what
stands in the audit trail before the answer.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from hub.api.deliveries import DeliveryWitness
from hub.api.json_doors import Asking, Door, Told
from hub.auth.directory import Directory
from hub.kernel.consortium import Consortium
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import FileTaker
from hub.kernel.types import Json, Taken

#: Roles that may send for a feed of their legal entity; an administrator may for all.
SENDERS = ("feed", "integration-engineer", "administrator")
#: Formats whose messages are judged by whose they are and whom they are about, and so come by a door of their own.
JUDGED = frozenset({"mhd"})
MOST_BYTES = 64 * 1024 * 1024


def feed_doors(
    takers: Mapping[str, FileTaker], consortium: Consortium, directory: Directory, witness: DeliveryWitness
) -> list[Door]:
    """The door for files."""

    async def take(ask: Asking) -> Told:
        feed = consortium.feeds.get(ask.id)
        ours = ask.actor.role == "administrator" or (
            feed is not None and feed.facility in directory.same_entity(ask.actor.organization)
        )
        named = feed is None or not feed.clients or ask.actor.client in feed.clients
        if feed is None or feed.name not in takers or feed.format in JUDGED or not ours or not named:
            await witness.refused(ask.actor, ask.origin, "", "no-feed")
            todo = "name a feed of transport http of your organisation"
            raise HubError(Category.NOT_FOUND, "no feed of this name takes files", where="URL", todo=todo)
        taken = await takers[feed.name](ask.content, f"http {ask.origin.address}")
        await witness.taken(ask.actor, ask.origin, feed.name, [each.message for each in taken.messages])
        if taken.refusal is not None:
            raise taken.refusal
        return Told(body=taken_file(taken), status=201)

    return [
        Door(
            method="POST",
            path="/api/feeds/{id}",
            summary="Take a file of a feed: forms (CSV, Excel, JSON), CDA, DICOM, HL7 v2 messages",
            roles=SENDERS,
            handle=take,
            gives="TakenFile",
            takes_file=True,
            status=201,
            largest=MOST_BYTES,
        )
    ]


def taken_file(taken: Taken) -> Json:
    """What is told of what was taken."""
    states: dict[str, int] = {}
    for each in taken.messages:
        states[each.state.value] = states.get(each.state.value, 0) + 1
    return {
        "messages": [{"message": each.message, "state": each.state.value} for each in taken.messages],
        "states": states,
        "mend": b64encode(taken.to_mend).decode(),
    }
