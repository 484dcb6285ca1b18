"""The master key in shares: the file that says so, and asking the hub that was unsealed for the key.

Who may connect to the socket is the account of the hub, which could read the key in its memory anyway.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.private_files import publish, read_private
from hub.kernel.settings import Settings
from hub.sealing.wrapping import MASTER_BYTES

SEALED_FILE: Final = "master.sealed"
SOCKET: Final = "hub.sock"
#: The name under which a child process is handed the key.
MASTER: Final = "master"
_SECONDS: Final = 10
_LONGEST: Final = 4096
#: MFD_CLOEXEC (memfd_create(2)).
_CLOEXEC: Final = 1


@dataclass(frozen=True, slots=True)
class SealedMaster:
    """How many shares make the master key again, of how many, and its check value."""

    needed: int
    shares: int
    check: str

    @classmethod
    def read(cls, path: Path) -> SealedMaster:
        """That of a file. Raises HubError INVALID for one that is broken."""
        try:
            said = json.loads(read_private(path))
            return cls(int(said["needed"]), int(said["shares"]), str(said["check"]))
        except (ValueError, KeyError, TypeError):
            raise HubError(Category.INVALID, "is broken", where=str(path), todo="restore it from a copy") from None

    def put(self, path: Path) -> None:
        """Write it; it is no secret, but nobody else shall change it."""
        publish(path, json.dumps({"needed": self.needed, "shares": self.shares, "check": self.check}).encode())


def sealed_file(settings: Settings) -> Path:
    """Where it says that the master key is in shares."""
    return Path(settings.data_dir / "keys" / SEALED_FILE)


def socket_of(settings: Settings) -> Path:
    """The socket at which a hub is unsealed, and lends the key to commands of its own account."""
    return Path(settings.data_dir / "keys" / SOCKET)


def asked(settings: Settings, question: dict[str, Any]) -> dict[str, Any]:
    """The answer of the hub on a data folder. Raises HubError UNAVAILABLE (`no-hub`) if none listens."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(_SECONDS)
            line.connect(str(socket_of(settings)))
            line.sendall(json.dumps(question).encode() + b"\n")
            with line.makefile("rb") as file:
                answer: dict[str, Any] = json.loads(file.readline(_LONGEST))
                return answer
    except (OSError, ValueError):
        raise HubError(
            Category.UNAVAILABLE,
            "the master key is in shares, and no hub listens for them",
            where=str(socket_of(settings)),
            todo="start `yilian up`, and unseal it: yilian keys unseal",
            code="no-hub",
        ) from None


def lent(settings: Settings) -> bytes:
    """The master key, from the hub that was unsealed. Raises HubError UNAVAILABLE (`no-hub`, `sealed`)."""
    key = bytes.fromhex(asked(settings, {"lend": True}).get("master", ""))
    if len(key) != MASTER_BYTES:
        raise HubError(
            Category.UNAVAILABLE, "the hub is sealed", where="keys", todo="unseal it: yilian keys unseal", code="sealed"
        )
    return key


def in_memory(master: bytes) -> int:
    """A file in memory alone that holds the key, for child processes to inherit. Raises HubError UNSUPPORTED."""
    handle = _memory_file()
    if handle < 0:
        raise HubError(
            Category.UNSUPPORTED,
            "a master key in shares needs Linux, which makes files in memory (memfd_create)",
            where="keys",
            todo="keep the key in a file",
        )
    os.write(handle, master)
    return handle


def _memory_file() -> int:
    """Closed on exec; below zero where there is none to be had."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("master", os.MFD_CLOEXEC)
    # A Python made to run on every Linux is built for a C library older than the call, and runs with one that has it.
    make = getattr(ctypes.CDLL(None), "memfd_create", None)
    return -1 if make is None else int(make(b"master", _CLOEXEC))


def inherited(handle: int) -> bytes:
    """The key in such a file, which others read too."""
    return os.pread(handle, MASTER_BYTES, 0)
