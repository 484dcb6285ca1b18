"""Settings of the embedded cluster by the size of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.db.memory import machine_memory
from hub.db.postgresql_conf import configuration

_GIB = 1024**3


def _text(memory: int = 4 * _GIB, *, tcp: bool = False, prewarm: bool = True, durable: bool = True) -> str:
    place = Path("/run/x")
    return configuration(socket_folder=place, port=5432, tcp=tcp, memory=memory, prewarm=prewarm, durable=durable)


@pytest.mark.parametrize(("memory", "buffers"), [(_GIB, 256), (4 * _GIB, 512), (16 * _GIB, 2048), (64 * _GIB, 4096)])
def test_shared_buffers_are_an_eighth_of_memory_within_bounds(memory: int, buffers: int) -> None:
    assert f"shared_buffers = '{buffers}MB'" in _text(memory)


def test_it_listens_on_tcp_only_when_asked_and_then_on_loopback() -> None:
    assert "listen_addresses = ''" in _text()
    assert "listen_addresses = '127.0.0.1'" in _text(tcp=True)


def test_memory_is_filled_again_after_a_restart_if_the_build_can() -> None:
    assert "shared_preload_libraries = 'pg_prewarm'" in _text()
    assert "prewarm" not in _text(prewarm=False)
    assert "prewarm" not in _text(durable=False)


def test_only_tests_go_without_fsync() -> None:
    assert "fsync" not in _text()
    assert "fsync = off" in _text(durable=False)


def test_the_limit_of_a_container_counts_as_the_machine(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("1048576\n", encoding="ascii")
    assert machine_memory((limit,)) == 1048576
    limit.write_text("max\n", encoding="ascii")
    assert machine_memory((limit,)) == machine_memory(()) > 1048576
