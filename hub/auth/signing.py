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
from collections.abc import Iterator
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
    """What stood in the folder: keys that sign, and retired ones with their ends."""

    access: OKPKey
    openid: ECKey
    retired: tuple[tuple[OKPKey | ECKey, datetime], ...]


class SigningKeys:
    """The keys of one folder, as they are now. Raises HubError as `KeyStore` does."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder: Final = folder
        self._clock: Final = clock
        self._looked = datetime.min.replace(tzinfo=UTC)
        self._seen = _names(folder)
        self._keys = _read(folder)

    @property
    def access(self) -> OKPKey:
        """The key that signs access tokens."""
        return self._now().access

    @property
    def openid(self) -> ECKey:
        """The key that signs id_tokens."""
        return self._now().openid

    def verifying(self, kid: object) -> OKPKey | None:
        """The key of access tokens with this id, if it holds now."""
        found = self._access(self._now(), kid)
        return found or self._access(self._now(within=LOOK_FOR_UNKNOWN), kid)

    def public(self) -> KeySetSerialization:
        """Every key that verifies now, as a JWK set."""
        keys = self._now()
        return KeySet([keys.access, keys.openid, *self._holding(keys)]).as_dict(private=False)

    def _access(self, keys: _Keys, kid: object) -> OKPKey | None:
        known = [keys.access, *(key for key in self._holding(keys) if isinstance(key, OKPKey))]
        return next((key for key in known if key.kid == kid), None)

    def _holding(self, keys: _Keys) -> list[OKPKey | ECKey]:
        now = self._clock()
        return [key for key, until in keys.retired if now < until]

    def _now(self, within: timedelta = LOOK) -> _Keys:
        """The keys, read anew where the folder has changed since it was looked into."""
        now = self._clock()
        if now - self._looked >= within:
            self._looked = now
            # A file may go while it is looked at: then the next look tells.
            with suppress(OSError, HubError):
                seen = _names(self._folder)
                if seen != self._seen:
                    self._keys, self._seen = _read(self._folder), seen
        return self._keys


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
            if at_once or int(path.stem.rpartition("-")[2]) <= now.timestamp():
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
    retired = []
    for path in _retired(folder):
        found = _RETIRED.fullmatch(path.name)
        if found is not None:
            until = datetime.fromtimestamp(int(found[2]), UTC)
            retired.append((_access_key(path) if found[1] == "signing" else _openid_key(path), until))
    return _Keys(_access_key(folder / SIGNING_FILE), _openid_key(folder / OPENID_FILE), tuple(retired))


def _retired(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if _RETIRED.fullmatch(path.name))


def _names(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells that keys have changed: a renewed file is another file."""
    paths = [folder / SIGNING_FILE, folder / OPENID_FILE, *_retired(folder)]
    return tuple((path.name, found.st_ino, found.st_mtime_ns) for path in paths if (found := path.stat()))


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
