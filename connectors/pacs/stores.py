"""C-STORE read off the wire (PS3.7 9.3.1, PS3.8 9.3.5): the header of an object is kept, what follows is let go unread.

The library takes a data set apart five times, copies it, and hands it from thread to thread by polling; most of it are
pixels that nobody wants. Here an association that is in transfer reads its own objects, and answers them. Every other
message, and whatever does not go on as an object must, is handed back to the library byte by byte.
"""

from __future__ import annotations

import select
import ssl
import struct
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from pynetdicom.presentation import AllStoragePresentationContexts

from connectors.pacs.intake import Sent
from connectors.pacs.trim import pixels_at

_P_DATA: Final = 0x04
#: State of an association in transfer (PS3.8 9.2.2).
_TRANSFER: Final = "Sta6"
#: Bits of a message control header (PS3.8 E.2).
_COMMAND: Final = 0x01
_LAST: Final = 0x02
#: Command fields, and "no data set follows" (PS3.7 E.1).
_STORE_RQ: Final = 0x0001
_STORE_RSP: Final = 0x8001
_NO_DATA_SET: Final = 0x0101
#: Bytes of a command; a C-STORE-RQ has hundreds.
_LONGEST_COMMAND: Final = 16 * 1024
_SCRATCH: Final = 128 * 1024
_STORAGE: Final = frozenset(str(each.abstract_syntax) for each in AllStoragePresentationContexts)
#: Seconds an object may take: 2 GiB at 10 Mbit/s. A peer that trickles holds one of the few associations.
OBJECT_SECONDS: Final = 1800.0
#: Seconds the next object is waited for here, before the library looks whether anything else is to be done.
_PATIENCE: Final = 0.05

#: Reads so many bytes, fewer where the peer has hung up.
Read = Callable[[int], bytearray]


class _OtherPduError(Exception):
    """A PDU that is no P-DATA-TF: its header was read."""

    def __init__(self, head: bytearray) -> None:
        super().__init__()
        self.head: Final = head


class BrokenError(Exception):
    """The peer does not go on as the protocol has it: the library aborts the association."""


class _Values:
    """The presentation data values that come on one association, whatever PDUs they are in."""

    def __init__(self, take: Read) -> None:
        self._take: Final = take
        self._left = 0

    def next(self) -> tuple[int, int, int]:
        """Context, control header and length of the next. Raises _OtherPduError, BrokenError."""
        if not self._left:
            head = self._take(6)
            kind, _, self._left = struct.unpack(">BBL", head)
            if kind != _P_DATA:
                self._left = 0
                raise _OtherPduError(head)
        length, context, control = struct.unpack(">LBB", self._take(6))
        self._left -= length + 4
        if length < 2 or self._left < 0:
            raise BrokenError
        return context, control, length - 2

    def forget(self) -> None:
        """Begin with a new PDU."""
        self._left = 0


class Stores:
    """Takes the place of the reading of PDUs of one association; `receive` decides about an object (DIMSE status)."""

    def __init__(self, association: Any, read: Read, receive: Callable[[Sent], int], most: int) -> None:
        self._association: Final = association
        self._dul: Final = association.dul
        self._library: Final = association.dul._read_pdu_data
        self._read: Final = read
        self._receive: Final = receive
        self._most: Final = most
        self._values: Final = _Values(self._take)
        self._scratch: Final = memoryview(bytearray(_SCRATCH))
        self._seen: bytearray | None = None
        self._back = bytearray()
        self._until = 0.0

    def recv(self, size: int) -> bytearray:
        """So many bytes for the library: those that were read here come again."""
        again = self._back[:size]
        del self._back[:size]
        return again + self._read(size - len(again)) if len(again) < size else again

    def read(self) -> None:
        """Read objects while they come, or one PDU of something else."""
        if self._dul.state_machine.current_state != _TRANSFER:
            self._library()
            return
        try:
            while self._one() and self._more():
                pass
        except (EOFError, OSError):
            self._dul.event_queue.put("Evt17")  # the transport connection is closed (PS3.8 9.2.3)

    def _one(self) -> bool:
        """Whether an object came and was answered; else what came is the library's. Raises EOFError, BrokenError."""
        self._seen = bytearray()
        self._until = monotonic() + OBJECT_SECONDS
        self._values.forget()
        try:
            begun = self._command()
            if begun is None:
                self._hand_back(self._seen)
                return False
            self._seen = None
            context, command = begun
            encoded = self._data_set(context)
        except _OtherPduError as other:
            self._hand_back(self._seen or other.head)
            return False
        self._answer(context, command, self._receive(self._sent(context, command, encoded)))
        return True

    def _command(self) -> tuple[int, dict[int, bytes]] | None:
        """The context and elements of a C-STORE-RQ; None for anything else."""
        raw = bytearray()
        while True:
            context, control, length = self._values.next()
            if not control & _COMMAND or len(raw) + length > _LONGEST_COMMAND:
                return None
            raw += self._take(length)
            if control & _LAST:
                break
        command = _elements(raw)
        asked = int.from_bytes(command.get(0x0100, b""), "little")
        if asked != _STORE_RQ or not self._is_for_storage(context):
            return None
        return context, command

    def _is_for_storage(self, context: int) -> bool:
        """Whether objects may come in a presentation context: it was accepted, and is none for C-ECHO or C-FIND."""
        accepted = self._association._accepted_cx.get(context)
        return accepted is not None and str(accepted.abstract_syntax) in _STORAGE

    def _data_set(self, context: int) -> bytearray:
        """The encoded data set up to its pixels, at most a little more than is taken of one."""
        syntax = self._syntax(context)
        kept, cut, walked = bytearray(), False, 0
        while True:
            found, control, length = self._values.next()
            if found != context or control & _COMMAND:
                raise BrokenError
            if cut or len(kept) > self._most:
                self._let_go(length)
            else:
                kept += self._take(length)
                if len(kept) >= 2 * walked or control & _LAST:
                    walked = len(kept)
                    cut = _cut(kept, syntax)
            if control & _LAST:
                return kept

    def _sent(self, context: int, command: dict[int, bytes], encoded: bytearray) -> Sent:
        requestor = self._association.requestor
        return Sent(
            encoded=memoryview(encoded),
            syntax=self._syntax(context),
            sop_class=_uid(command.get(0x0002, b"")),
            sop_instance=_uid(command.get(0x1000, b"")),
            peer=f"{requestor.address} AE={requestor.ae_title.strip()}",
        )

    def _syntax(self, context: int) -> str:
        return str(self._association._accepted_cx[context].transfer_syntax[0])

    def _answer(self, context: int, command: dict[int, bytes], status: int) -> None:
        said = b"".join((struct.pack(">BB", context, _COMMAND | _LAST), store_response(command, status)))
        value = struct.pack(">L", len(said)) + said
        self._dul.socket.socket.sendall(struct.pack(">BBL", _P_DATA, 0, len(value)) + value)

    def _more(self) -> bool:
        """Whether the next PDU is there soon, and nothing else is to be done."""
        if self._dul._kill_thread or not self._dul.to_provider_queue.empty():
            return False
        connection = self._dul.socket.socket
        if isinstance(connection, ssl.SSLSocket) and connection.pending():
            return True
        return bool(select.select([connection], [], [], _PATIENCE)[0])

    def _hand_back(self, raw: bytearray) -> None:
        self._back = raw
        self._library()
        while self._back:
            self._library()

    def _take(self, size: int) -> bytearray:
        self._dul._idle_timer.restart()  # the library does so only when it is returned to
        found = self._read(size)
        if len(found) < size:
            raise EOFError
        self._in_time()
        if self._seen is not None:
            self._seen += found
            if len(self._seen) > 2 * _LONGEST_COMMAND:
                raise BrokenError
        return found

    def _let_go(self, size: int) -> None:
        connection = self._dul.socket.socket
        while size:
            count = connection.recv_into(self._scratch[: min(size, _SCRATCH)])
            if not count:
                raise EOFError
            self._in_time()
            size -= count

    def _in_time(self) -> None:
        """Raises BrokenError for an object that takes too long."""
        if monotonic() > self._until:
            raise BrokenError


def store_response(command: dict[int, bytes], status: int) -> bytes:
    """The command set of a C-STORE-RSP (PS3.7 9.3.1.2): implicit VR little endian, always (PS3.7 6.3.1)."""
    elements = b"".join(
        (
            _element(0x0002, _padded(command.get(0x0002, b""))),
            _element(0x0100, struct.pack("<H", _STORE_RSP)),
            _element(0x0120, command.get(0x0110, b"\0\0")[:2]),
            _element(0x0800, struct.pack("<H", _NO_DATA_SET)),
            _element(0x0900, struct.pack("<H", status)),
            _element(0x1000, _padded(command.get(0x1000, b""))),
        )
    )
    return _element(0x0000, struct.pack("<L", len(elements))) + elements


def _cut(kept: bytearray, syntax: str) -> bool:
    """Drop the pixels and what follows them; whether there are any."""
    with memoryview(kept) as view:
        end = pixels_at(view, syntax)
    if end is not None:
        del kept[end:]
    return end is not None


def _elements(raw: bytes | bytearray) -> dict[int, bytes]:
    """The elements of a command set by their number. Raises BrokenError where it is none."""
    found, at = {}, 0
    while at + 8 <= len(raw):
        group, element, length = struct.unpack_from("<HHL", raw, at)
        if group:
            raise BrokenError
        found[element] = bytes(raw[at + 8 : at + 8 + length])
        at += 8 + length
    if at != len(raw):
        raise BrokenError
    return found


def _element(element: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, element, len(value)) + value


def _padded(value: bytes) -> bytes:
    return value + b"\0" * (len(value) % 2)


def _uid(raw: bytes) -> str:
    return raw.decode("ascii", "replace").rstrip("\0 ")
