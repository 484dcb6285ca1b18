"""The key folder: installation id, three signing keys, id secret, page secret. Made on first use, refused when exposed.

Each file is written whole under a temporary name and then linked to its own, so a crash leaves no half a key and of
two processes that start at once one makes each file and both use it. The installation id comes last: once it is
there, a missing neighbour is a loss to be restored from a backup, never something to make anew. The exceptions are
keys that installations of earlier versions do not have: that of the audit trail, whose loss is told by the checkpoints
it signed (`hub.audit.sequencer`), and that of id_tokens, which live for minutes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes, random_id
from hub.kernel.private_files import publish, read_private, refuse_exposed

SECRET_BYTES: Final = 32

#: Order of the group of P-256 (SEC 2 section 2.4.2).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

INSTALLATION_FILE: Final = "installation"
SIGNING_FILE: Final = "signing.pem"
AUDIT_FILE: Final = "audit.pem"
OPENID_FILE: Final = "openid.pem"
ID_FILE: Final = "id.secret"
PAGE_FILE: Final = "page.secret"


class KeyStore:
    """The keys of one installation, as they are read. Those of tokens are renewed meanwhile: see `hub.auth.signing`.

    `installation` names it (26 characters [a-z2-7]); `signing_key` signs access tokens, `openid_key` (P-256) id_tokens,
    `audit_key` the checkpoints of the trail; `id_secret` makes resource ids; `page_secret` seals page tokens (32 bytes
    each). Raises HubError: INVALID for a broken or missing file, FORBIDDEN for one others may read, UNAVAILABLE when
    the folder cannot be used.
    """

    def __init__(self, folder: Path, *, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        try:
            _make_folder(folder)
            _fill(folder, random_bytes)
            contents = {file.name: read_private(folder / file.name) for file in _FILES}
        except OSError as error:
            raise HubError(
                Category.UNAVAILABLE, "keys cannot be read or written", where=str(folder), todo=str(error.strerror)
            ) from None
        self.folder: Final = folder
        self.installation: Final = _installation(folder / INSTALLATION_FILE, contents[INSTALLATION_FILE])
        self.signing_key: Final = signing_key(folder / SIGNING_FILE, contents[SIGNING_FILE])
        self.openid_key: Final = openid_key(folder / OPENID_FILE, contents[OPENID_FILE])
        self.audit_key: Final = signing_key(folder / AUDIT_FILE, contents[AUDIT_FILE])
        self.id_secret: Final = _secret(folder / ID_FILE, contents[ID_FILE])
        self.page_secret: Final = _secret(folder / PAGE_FILE, contents[PAGE_FILE])

    def files(self) -> list[Path]:
        """The files the keys are in, in the order they are made."""
        return [self.folder / file.name for file in _FILES]


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    make: Callable[[RandomBytes], bytes]
    late: bool = False


def new_signing_key(random_bytes: RandomBytes) -> bytes:
    """An Ed25519 key, as its file holds it."""
    key = Ed25519PrivateKey.from_private_bytes(random_bytes(SECRET_BYTES))
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def new_openid_key(random_bytes: RandomBytes) -> bytes:
    """A P-256 key, as its file holds it."""
    # FIPS 186-5 appendix A.2.1: 64 bits more than the order has, so that its remainder is as good as uniform.
    secret = int.from_bytes(random_bytes(SECRET_BYTES + 8), "big") % (_ORDER - 1) + 1
    return derive_private_key(secret, SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


#: In the order they are made; the installation id last, as the sign that the folder is complete.
_FILES: Final = (
    _File(SIGNING_FILE, new_signing_key),
    _File(AUDIT_FILE, new_signing_key, late=True),
    _File(OPENID_FILE, new_openid_key, late=True),
    _File(ID_FILE, lambda random_bytes: random_bytes(SECRET_BYTES)),
    _File(PAGE_FILE, lambda random_bytes: random_bytes(SECRET_BYTES)),
    _File(INSTALLATION_FILE, lambda random_bytes: random_id(random_bytes).encode() + b"\n"),
)


def _make_folder(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    refuse_exposed(folder, folder.stat().st_mode, "700")


def _fill(folder: Path, random_bytes: RandomBytes) -> None:
    complete = (folder / INSTALLATION_FILE).exists()
    for file in _FILES:
        if not (folder / file.name).exists() and (file.late or not complete):
            publish(folder / file.name, file.make(random_bytes))


def _installation(path: Path, content: bytes) -> str:
    text = content.decode("ascii", "replace").strip()
    if len(text) != 26 or not text.isalnum() or text != text.lower():
        raise _broken(path)
    return text


def signing_key(path: Path, content: bytes) -> Ed25519PrivateKey:
    """The Ed25519 key of a file. Raises HubError INVALID."""
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        raise _broken(path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _broken(path)
    return key


def openid_key(path: Path, content: bytes) -> EllipticCurvePrivateKey:
    """The P-256 key of a file. Raises HubError INVALID."""
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        raise _broken(path) from None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise _broken(path)
    return key


def _secret(path: Path, content: bytes) -> bytes:
    if len(content) != SECRET_BYTES:
        raise _broken(path)
    return content


def _broken(path: Path) -> HubError:
    return HubError(Category.INVALID, "is broken", where=str(path), todo="restore the key folder from its backup")
