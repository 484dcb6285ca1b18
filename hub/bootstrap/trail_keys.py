"""The keys that sign checkpoints, and their renewal with an overlap.

A key that was renewed stays in the folder under a name that says until when (`audit-until-1780000000.pem`, POSIX
seconds): until then it signs every checkpoint beside its successor, so that who trusts either can go on, and both
signatures of one checkpoint vouch for each other. Then its private part is destroyed; the public one
(`audit-retired-1780000000.key`, a verifier's line) stays, since the checkpoints of its time do.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from hub.audit.notes import Signer
from hub.auth.keys import AUDIT_FILE, new_signing_key, signing_key
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes
from hub.kernel.private_files import publish, read_private, supersede

#: How long an old key signs beside the new one: witnesses and verifiers have as long to take the new one.
OVERLAP: Final = timedelta(days=30)
#: How often the folder is looked into.
_LOOK: Final = timedelta(seconds=5)
_UNTIL: Final = re.compile(r"audit-until-([0-9]{10,12})\.pem")
_RETIRED: Final = re.compile(r"audit-retired-([0-9]{10,12})\.key")


class Signers:
    """All keys of an installation's trail, as its folder has them now: they sign, and know what each has signed."""

    def __init__(self, folder: Path, installation: str, clock: Clock) -> None:
        self._folder: Final = folder
        self._installation: Final = installation
        self._clock: Final = clock
        self._looked = clock()
        self._current, self._beside, self._retired = self._read()

    @property
    def name(self) -> str:
        """That of the log: it is the installation's and no key's."""
        return self._current.name

    @property
    def verifiers(self) -> list[str]:
        """The public keys, one line each: the current one first, then those before it, newest first."""
        self._look()
        return [self._current.verifier, *(one.verifier for one in self._beside), *self._retired]

    def note(self, text: str) -> str:
        """The signed note of a text, by each key that signs now."""
        self._look()
        return self._current.note(text) + "".join(one.line(text) for one in self._beside)

    def made(self, note: str, text: str) -> bool:
        """Whether one of the keys made `note` of `text`, whenever that was."""
        self._look()
        body, blank, lines = note.partition("\n\n")
        signed = lines.splitlines(keepends=True)
        own = any(one.line(text) in signed for one in (self._current, *self._beside))
        old = any(Signer.holds(verifier, text, line) for verifier in self._retired for line in signed)
        return bool(blank) and body + "\n" == text and (own or old)

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked >= _LOOK:
            self._looked = now
            self._current, self._beside, self._retired = self._read()

    def _read(self) -> tuple[Signer, list[Signer], list[str]]:
        _destroy_ended(self._folder, self._installation, self._clock())
        current = _signer(self._folder / AUDIT_FILE, self._installation)
        found = [_beside(path, self._installation) for path in _found(self._folder, _UNTIL)]
        beside = [one for one in found if one is not None]
        retired = [path.read_text(encoding="ascii").strip() for path in _found(self._folder, _RETIRED)]
        return current, beside, retired


def renew(
    folder: Path, installation: str, now: datetime, *, random_bytes: RandomBytes = secrets.token_bytes
) -> tuple[str, datetime]:
    """Make a new key: its verifier's line, and until when the old one signs beside it. The hub goes on meanwhile.

    Raises HubError CONFLICT where one was renewed in the same second.
    """
    until, current = now + OVERLAP, folder / AUDIT_FILE
    try:
        (folder / f"audit-until-{int(until.timestamp())}.pem").hardlink_to(current)
    except FileExistsError:
        todo = "wait a second, then again"
        raise HubError(Category.CONFLICT, "the key was renewed just now", where=str(current), todo=todo) from None
    supersede(current, new_signing_key(random_bytes))
    _destroy_ended(folder, installation, now)
    return _signer(current, installation).verifier, until


def files(folder: Path) -> list[Path]:
    """The files of keys that were renewed: without them no checkpoint of their time can be told from a forged one."""
    return [*_found(folder, _UNTIL), *_found(folder, _RETIRED)]


def _destroy_ended(folder: Path, installation: str, now: datetime) -> None:
    """Keep of keys that sign no more what verifies."""
    for path in _found(folder, _UNTIL):
        seconds = _number(path, _UNTIL)
        if seconds <= now.timestamp() and (ended := _beside(path, installation)) is not None:
            publish(folder / f"audit-retired-{seconds}.key", f"{ended.verifier}\n".encode())
            path.unlink(missing_ok=True)


def _found(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """The newest first."""
    found = [path for path in folder.iterdir() if pattern.fullmatch(path.name)]
    return sorted(found, key=lambda path: _number(path, pattern), reverse=True)


def _number(path: Path, pattern: re.Pattern[str]) -> int:
    found = pattern.fullmatch(path.name)
    return int(found[1]) if found else 0


def _beside(path: Path, installation: str) -> Signer | None:
    """The key of a file that another process may destroy meanwhile: None if it did."""
    try:
        return _signer(path, installation)
    except HubError:
        if path.exists():
            raise
        return None


def _signer(path: Path, installation: str) -> Signer:
    return Signer.of_log(installation, signing_key(path, read_private(path)))
