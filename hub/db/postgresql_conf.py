"""The configuration files of the embedded cluster, as a table: value and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_MIB: Final = 1024 * 1024

#: Setting -> value, where every machine gets the same.
_FIXED: Final[Mapping[str, str]] = {
    "max_connections": "100",
    "password_encryption": "'scram-sha-256'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'128MB'",
    # Few large checkpoints: each page is written whole into the WAL once after every checkpoint. Uncompressed: to
    # squeeze a page costs more than to write a half of it less, and whoever commits waits for it.
    "max_wal_size": "'4GB'",
    "min_wal_size": "'256MB'",
    "checkpoint_timeout": "'15min'",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",  # disks without moving heads
    "jit": "off",  # compiling costs more than any query the hub runs
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    # A statement that fails names values in its message, and values are patient data: log the server's life only.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}

#: What was in the database's memory when it stopped is read again after it starts, beside what it is asked meanwhile:
#: an index of gigabytes is read at random, and would be slow until all of it has been asked for once.
_PREWARM: Final[Mapping[str, str]] = {
    "shared_preload_libraries": "'pg_prewarm'",
    "pg_prewarm.autoprewarm_interval": "'30min'",
}

#: The keys of a million persons and their index are some 3 GB, read at random.
_MOST_BUFFERS: Final = 4096 * _MIB

#: Passwords always, by SCRAM.
HBA: Final = """\
# Written by the hub at every start.
local   all  all                      scram-sha-256
host    all  all       127.0.0.1/32   scram-sha-256
"""


def configuration(*, socket_folder: Path, port: int, tcp: bool, memory: int, prewarm: bool, durable: bool) -> str:
    """Text of postgresql.conf for a machine with `memory` bytes.

    The server listens in `socket_folder`, and with `tcp` on 127.0.0.1 too; `port` names both. `prewarm` says
    whether the build has it. Without `durable` a power cut may lose or break the data: tests only.
    """
    settings = dict(_FIXED)
    settings["listen_addresses"] = "'127.0.0.1'" if tcp else "''"
    settings["port"] = str(port)
    settings["unix_socket_directories"] = f"'{socket_folder}'"
    settings["unix_socket_permissions"] = "0700"
    settings["shared_buffers"] = f"'{_clamp(memory // 8, 256 * _MIB, _MOST_BUFFERS) // _MIB}MB'"
    settings["effective_cache_size"] = f"'{max(memory // 2, 512 * _MIB) // _MIB}MB'"
    if prewarm and durable:
        settings |= _PREWARM
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    lines = [f"{name} = {value}" for name, value in settings.items()]
    head = "# Written by the hub at every start; put settings of your own into local.conf beside this file."
    return "\n".join([head, *lines, "include_if_exists = 'local.conf'", ""])


def _clamp(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))
