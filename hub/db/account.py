"""The system account PostgreSQL runs under: ourselves, or an existing unprivileged one when we are root.

PostgreSQL refuses to run as root. Accounts and the permissions of folders that are not ours are never changed.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from hub.kernel.errors import Category, HubError

#: Existing accounts taken when we are root, the first that exists.
_UNPRIVILEGED: Final = ("postgres", "nobody")

#: Nothing of ours or of the caller's PG* variables reaches PostgreSQL; messages are in English.
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs PostgreSQL: user and group number, and whether that is somebody else than we are."""

    uid: int
    gid: int
    other: bool

    @classmethod
    def choose(cls) -> Account:
        """Ourselves, or for root the first of `postgres` and `nobody`. Raises HubError UNSUPPORTED without either."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), other=False)
        for name in _UNPRIVILEGED:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, other=True)
        raise HubError(
            Category.UNSUPPORTED,
            "PostgreSQL does not run as root, and there is no account `postgres` or `nobody`",
            where="embedded database",
            todo="start the hub as an ordinary user",
        )

    def start(self, command: Sequence[str | Path], *, log: IO[bytes], cwd: Path) -> subprocess.Popen[bytes]:
        """Start a server under this account in a session of its own: a Ctrl-C meant for us does not reach it."""
        return subprocess.Popen(  # noqa: S603 - programs that `hub.db.binaries` found
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self._options(cwd)
        )

    def run(
        self, command: Sequence[str | Path], *, cwd: Path = Path("/"), text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end with `text` as its input. Raises OSError when it cannot be run."""
        return subprocess.run(  # noqa: S603 - programs that `hub.db.binaries` found
            command, input=text, capture_output=True, text=True, errors="replace", check=False, **self._options(cwd)
        )

    def reaches(self, folder: Path) -> bool:
        """Whether this account can enter `folder`."""
        if not self.other:
            return True
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def own(self, path: Path, mode: int) -> None:
        """Give a path we made to this account, with the permissions `mode`."""
        if self.other:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def _options(self, cwd: Path) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": cwd, "env": _ENVIRONMENT, "umask": 0o077}
        if self.other:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options
