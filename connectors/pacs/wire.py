"""An association as it is accepted: it sends without delay, reads a PDU at once (PS3.8 9.3), and its own objects.

The library reads 4 KiB at a time, and leaves Nagle's algorithm on (`python -m bench.dicom`).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, Final

from connectors.pacs.intake import Sent
from connectors.pacs.stores import Read, Stores

#: A PDU tells its length before anybody is known: memory is taken as bytes arrive, and never for one longer than what a
#: listener of 128 KiB is sent (a P-DATA-TF keeps to it; an A-ASSOCIATE-RQ has at most 128 contexts).
_PIECE: Final = 256 * 1024
_LONGEST: Final = 1024 * 1024


def quicken(association: Any, receive: Callable[[Sent], int], most: int) -> None:
    """Let an association that was just accepted read quickly, and `receive` its objects; headers of `most` bytes."""
    wire = association.dul.socket
    # Nagle's algorithm makes every object wait for an acknowledgement of TCP.
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stores = Stores(association, _reader(wire.socket), receive, most)
    wire.recv = stores.recv
    association.dul._read_pdu_data = stores.read


def _reader(connection: socket.socket) -> Read:
    def read(size: int) -> bytearray:
        """So many bytes; fewer where the peer has hung up, none of what is longer than any PDU.

        Raises TimeoutError for a peer that has not sent them all in the time it has for some.
        """
        until = monotonic() + (connection.gettimeout() or inf)
        found, at = bytearray(min(size, _PIECE) if size <= _LONGEST else 0), 0
        while at < size <= _LONGEST:
            if at == len(found):
                found.extend(bytes(min(size - at, _PIECE)))
            count = connection.recv_into(memoryview(found)[at:])
            if not count:
                break
            at += count
            if at < size and monotonic() > until:
                raise TimeoutError
        del found[at:]
        return found

    return read
