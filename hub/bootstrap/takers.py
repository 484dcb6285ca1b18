"""What takes the files of feeds that come as files, by transport."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.files.intake import FileIntake
from hub.bootstrap.feeds import readings
from hub.kernel.clock import Clock
from hub.kernel.consortium import Consortium
from hub.kernel.ports import FileTaker, Inbox


def takers(consortium: Consortium, transport: str, inbox: Inbox, clock: Clock) -> Mapping[str, FileTaker]:
    """A taker for every feed of a transport, by feed. Raises HubError INVALID for a profile that is wrong."""
    return {
        name: FileIntake(
            name,
            inbox=inbox,
            read_envelope=reading.envelope_reader(),
            split=reading.split,
            to_mend=reading.to_mend,
            clock=clock,
        )
        for name, reading in readings(consortium).items()
        if consortium.feeds[name].transport == transport
    }
