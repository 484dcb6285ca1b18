"""Two things per object that the library does slowly, done here: reading a PDU (PS3.8 9.3) and answering a C-STORE.

It reads 4 KiB at a time, and writes a response of six elements through its whole encoder: a quarter of the CPU of an
object between them (`python -m bench.dicom`).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any, Final

from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import P_DATA

#: Command field of a C-STORE-RSP, and "no data set follows" (PS3.7 E.1).
_STORE_RSP: Final = 0x8001
_NO_DATA_SET: Final = 0x0101
#: Message control header of a command that is whole (PS3.8 E.2).
_WHOLE_COMMAND: Final = b"\x03"
#: A PDU tells its length before anybody is known: memory is taken as bytes arrive, and never for one longer than what a
#: listener of 128 KiB is sent (a P-DATA-TF keeps to it; an A-ASSOCIATE-RQ has at most 128 contexts).
_PIECE: Final = 256 * 1024
_LONGEST: Final = 1024 * 1024


def quicken(association: Any) -> None:
    """Let an association that was just accepted read and answer quickly, and send without delay."""
    wire = association.dul.socket
    # Nagle's algorithm, which the library leaves on, makes every object wait for an acknowledgement of TCP.
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.recv = _reader(wire.socket)
    association.dimse.send_msg = _answerer(association, association.dimse.send_msg)


def _reader(connection: socket.socket) -> Callable[[int], bytearray]:
    def read(size: int) -> bytearray:
        """So many bytes; fewer where the peer has hung up, none of what is longer than any PDU."""
        found, at = bytearray(min(size, _PIECE) if size <= _LONGEST else 0), 0
        while at < size <= _LONGEST:
            if at == len(found):
                found.extend(bytes(min(size - at, _PIECE)))
            count = connection.recv_into(memoryview(found)[at:])
            if not count:
                break
            at += count
        del found[at:]
        return found

    return read


def _answerer(association: Any, otherwise: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    def send(primitive: Any, context: int) -> None:
        if not isinstance(primitive, C_STORE) or primitive.MessageIDBeingRespondedTo is None:
            otherwise(primitive, context)
            return
        answer = P_DATA()
        answer.presentation_data_value_list = [[context, _WHOLE_COMMAND + store_response(primitive)]]  # type: ignore[list-item]
        association.dul.send_pdu(answer)

    return send


def store_response(primitive: Any) -> bytes:
    """The command set of a C-STORE-RSP (PS3.7 9.3.1.2): implicit VR little endian, always (PS3.7 6.3.1)."""
    elements = b"".join(
        (
            _element(0x0002, _uid(primitive.AffectedSOPClassUID)),
            _element(0x0100, struct.pack("<H", _STORE_RSP)),
            _element(0x0120, struct.pack("<H", primitive.MessageIDBeingRespondedTo)),
            _element(0x0800, struct.pack("<H", _NO_DATA_SET)),
            _element(0x0900, struct.pack("<H", primitive.Status)),
            _element(0x1000, _uid(primitive.AffectedSOPInstanceUID)),
        )
    )
    return _element(0x0000, struct.pack("<I", len(elements))) + elements


def _element(element: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, element, len(value)) + value


def _uid(value: Any) -> bytes:
    raw = str(value or "").encode("ascii", "replace")
    return raw + b"\0" * (len(raw) % 2)
