"""The keys that sign tokens, as JSON Web Keys (RFC 7517), and their renewal while old tokens still hold.

Access tokens are for the hub alone, so they use Ed25519 by its own name (RFC 9864). An id_token is verified by
applications, whose libraries know ES256.

A key that was renewed stays beside its successor, under a name that says until when (`signing-until-1780000000.pem`,
POSIX seconds): it signs nothing any more, verifies until then, and stands in the key set until then. Processes look
into the folder every few seconds, and at once when a token names a key they do not know, so nothing is started anew.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, KeySet, KeySetSerialization, OKPKey

from hub.auth.keys import OPENID_FILE, SIGNING_FILE, new_openid_key, new_signing_key, openid_key, signing_key
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes
from hub.kernel.log import Log
from hub.kernel.private_files import read_private, supersede

ACCESS_ALGORITHM: Final = "Ed25519"
OPENID_ALGORITHM: Final = "ES256"

#: Longest life of a token.
LONGEST: Final = timedelta(days=1)
#: How often a process looks into the folder, and how soon again for a key it does not know.
LOOK: Final = timedelta(seconds=5)
LOOK_FOR_UNKNOWN: Final = timedelta(seconds=1)
#: Some process may sign by the old key until it looks, on a machine whose clock is behind.
_OVERLAP: Final = LONGEST + timedelta(minutes=1)
_RETIRED: Final = re.compile(r"(signing|openid)-until-([0-9]{10,12})\.pem")


@dataclass(frozen=True, slots=True)
class _Keys:
    """What stood in the folder: keys that sign, retired ones with their ends, and the name of the file of each id.

    `signs` is the id of the key of access tokens.
    """

    access: OKPKey
    openid: ECKey
    retired: tuple[tuple[OKPKey | ECKey, datetime], ...]
    names: Mapping[str, str]
    signs: str


class SigningKeys:
    """The keys of one folder, as they are now. Raises HubError as `KeyStore` does.

    Where they have changed and cannot be read, `log` says so, and those whose file is still there go on; one that has
    gone holds no longer, and where it signed, UNAVAILABLE is raised.
    """

    def __init__(self, folder: Path, clock: Clock, log: Log | None = None) -> None:
        self._folder: Final = folder
        self._clock: Final = clock
        self._log: Final = log
        self._gone: frozenset[str] = frozenset()
        self._looked = datetime.min.replace(tzinfo=UTC)
        self._seen = _names(folder)
        self._keys = _read(folder)

    @property
    def access(self) -> OKPKey:
        """The key that signs access tokens."""
        key = self._now().access
        self._refuse_gone(key)
        return key

    @property
    def openid(self) -> ECKey:
        """The key that signs id_tokens."""
        key = self._now().openid
        self._refuse_gone(key)
        return key

    def verifying(self, kid: object) -> OKPKey | None:
        """The key of access tokens with this id, if it holds now."""
        keys = self._now()
        if kid == keys.signs and kid not in self._gone:
            return keys.access  # as nearly always, each request asks
        found = self._access(keys, kid)
        return found or self._access(self._now(within=LOOK_FOR_UNKNOWN), kid)

    def public(self) -> KeySetSerialization:
        """Every key that verifies now, as a JWK set."""
        keys = self._now()
        return KeySet([*self._holding(keys)]).as_dict(private=False)

    def _refuse_gone(self, key: OKPKey | ECKey) -> None:
        if str(key.kid) in self._gone:
            todo = "give the key folder to the account of the hub"
            raise HubError(Category.UNAVAILABLE, "new keys cannot be read", where=str(self._folder), todo=todo)

    def _access(self, keys: _Keys, kid: object) -> OKPKey | None:
        return next((key for key in self._holding(keys) if isinstance(key, OKPKey) and key.kid == kid), None)

    def _holding(self, keys: _Keys) -> list[OKPKey | ECKey]:
        now = self._clock()
        known = [keys.access, keys.openid, *(key for key, until in keys.retired if now < until)]
        return [key for key in known if str(key.kid) not in self._gone]

    def _now(self, within: timedelta = LOOK) -> _Keys:
        """The keys, read anew where the folder has changed since it was looked into."""
        now = self._clock()
        if now - self._looked >= within:
            self._looked = now
            try:
                seen = _names(self._folder)
                if seen != self._seen:
                    self._keys, self._seen, self._gone = _read(self._folder), seen, frozenset()
            except (OSError, HubError) as error:
                self._unread(error)
        return self._keys

    def _unread(self, error: Exception) -> None:
        """The next look tells more, where a file went while it was looked at."""
        if self._log is not None:
            self._log.failure("signing-keys-unreadable", error)
        was = {name: (number, changed) for name, number, changed in self._seen}
        # A folder that nobody can look into tells of no file that it has gone.
        with suppress(OSError):
            there = _present(self._folder, self._clock())
            self._gone = frozenset(kid for kid, name in self._keys.names.items() if was[name] not in there)


def renew(
    folder: Path, now: datetime, *, at_once: bool = False, random_bytes: RandomBytes = secrets.token_bytes
) -> str:
    """Make new keys for access and id_tokens; the id of that for access tokens.

    The old ones hold until every token they signed has ended; `at_once`, for keys that somebody else may have, they
    are gone, and all tokens with them. Retired keys whose time is up are taken away.
    """
    until = int((now + _OVERLAP).timestamp())
    with _held(folder):
        for path in _retired(folder):
            if at_once or _ended(path, now):
                path.unlink()
        for name, make in ((SIGNING_FILE, new_signing_key), (OPENID_FILE, new_openid_key)):
            current = folder / name
            if not at_once:
                _keep(current, current.with_name(f"{current.stem}-until-{until}.pem"))
            supersede(current, make(random_bytes))
        return str(_read(folder).access.kid)


def _keep(current: Path, name: Path) -> None:
    try:
        name.hardlink_to(current)
    except FileExistsError:
        todo = "wait a second, then again"
        raise HubError(Category.CONFLICT, "keys were renewed just now", where=str(name), todo=todo) from None


def _read(folder: Path) -> _Keys:
    retired: list[tuple[OKPKey | ECKey, datetime]] = []
    names: dict[str, str] = {}
    for path in _retired(folder):
        found = _RETIRED.fullmatch(path.name)
        if found is not None:
            key = _access_key(path) if found[1] == "signing" else _openid_key(path)
            retired.append((key, datetime.fromtimestamp(int(found[2]), UTC)))
            names[str(key.kid)] = path.name
    access, openid = _access_key(folder / SIGNING_FILE), _openid_key(folder / OPENID_FILE)
    names |= {str(access.kid): SIGNING_FILE, str(openid.kid): OPENID_FILE}
    return _Keys(access, openid, tuple(retired), names, str(access.kid))


def _retired(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if _RETIRED.fullmatch(path.name))


def _names(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells that keys have changed: a renewed file is another file."""
    paths = [folder / SIGNING_FILE, folder / OPENID_FILE, *_retired(folder)]
    return tuple((path.name, found.st_ino, found.st_mtime_ns) for path in paths if (found := path.stat()))


def _present(folder: Path, now: datetime) -> set[tuple[int, int]]:
    """The files of keys that hold, whatever they are named: a key that retires is the same file by another name."""
    found = [path.stat() for path in folder.iterdir() if path.exists() and not _ended(path, now)]
    return {(one.st_ino, one.st_mtime_ns) for one in found}


def _ended(path: Path, now: datetime) -> bool:
    """Whether the time of a retired key is up."""
    found = _RETIRED.fullmatch(path.name)
    return found is not None and int(found[2]) <= now.timestamp()


def _access_key(path: Path) -> OKPKey:
    """Its id is its thumbprint (RFC 7638)."""
    pem = _pem(signing_key(path, read_private(path)))
    key = OKPKey.import_key(pem, {"use": "sig", "alg": ACCESS_ALGORITHM})
    key.ensure_kid()
    return key


def _openid_key(path: Path) -> ECKey:
    """Its id is its thumbprint (RFC 7638)."""
    pem = _pem(openid_key(path, read_private(path)))
    key = ECKey.import_key(pem, {"use": "sig", "alg": OPENID_ALGORITHM})
    key.ensure_kid()
    return key


def _pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """One renewal at a time."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
