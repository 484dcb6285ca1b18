"""What is done here in the place of the library says the same as the library."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from unittest.mock import Mock

import pytest
from pynetdicom.dimse_messages import C_STORE_RSP
from pynetdicom.dimse_primitives import C_STORE

from connectors.pacs.stores import store_response
from connectors.pacs.wire import quicken


@pytest.mark.parametrize(("status", "instance"), [(0, "1.2.840.1"), (0xA700, "1.2.840.12"), (0xC000, "1.2")])
def test_an_answer_to_a_c_store_has_the_bytes_the_library_writes(status: int, instance: str) -> None:
    primitive = C_STORE()
    primitive.MessageIDBeingRespondedTo = 7
    primitive.AffectedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    primitive.AffectedSOPInstanceUID = instance
    primitive.Status = status
    message = C_STORE_RSP()
    message.primitive_to_message(primitive)
    (written,) = message.encode_msg(1, 128 * 1024)
    ((_, library),) = written.presentation_data_value_list
    asked = {0x0002: b"1.2.840.10008.5.1.4.1.1.2\0", 0x0110: b"\x07\0", 0x1000: instance.encode()}
    assert b"\x03" + store_response(asked, status) == library


def test_a_quickened_association_reads_whole_pieces_and_what_is_left_of_the_last() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as peer:
        ours, _ = listening.accept()
        association = Mock()
        association.dul.socket.socket = ours
        quicken(association, Mock(), 100)

        def speak() -> None:
            peer.sendall(bytes(100_000))
            peer.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=speak)
        sender.start()
        read = association.dul.socket.recv
        assert [len(read(70_000)), len(read(70_000)), len(read(1))] == [70_000, 30_000, 0]
        sender.join()
        ours.close()


def test_a_peer_that_sends_a_byte_at_a_time_is_not_waited_for_byte_by_byte() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as peer:
        ours, _ = listening.accept()
        ours.settimeout(0.2)
        association = Mock()
        association.dul.socket.socket = ours
        quicken(association, Mock(), 100)
        given_up = threading.Event()

        def drip() -> None:
            for _ in range(100):
                peer.sendall(b"\1")
                if given_up.wait(0.02):
                    return

        sender = threading.Thread(target=drip)
        sender.start()
        with pytest.raises(TimeoutError):
            association.dul.socket.recv(100)
        assert sender.is_alive()
        given_up.set()
        sender.join()
        ours.close()


def test_the_length_of_a_pdu_takes_no_memory_before_its_bytes_are_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as peer:
        ours, _ = listening.accept()
        association = Mock()
        association.dul.socket.socket = ours
        quicken(association, Mock(), 100)
        read = association.dul.socket.recv
        peer.sendall(b"four")
        tracemalloc.start()
        assert read(0xFFFFFFFF) == b""
        peer.shutdown(socket.SHUT_WR)
        assert read(1024 * 1024) == b"four"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        ours.close()
        assert peak < 512 * 1024
