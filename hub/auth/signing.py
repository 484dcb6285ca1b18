"""The keys of the installation as JSON Web Keys (RFC 7517): one signs access tokens, one signs id_tokens.

Access tokens are for the hub alone, so they use Ed25519 by its own name (RFC 9864). An id_token is verified by
applications, whose libraries know ES256.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, OKPKey

from hub.auth.keys import KeyStore

ACCESS_ALGORITHM: Final = "Ed25519"
OPENID_ALGORITHM: Final = "ES256"


def access_key(keys: KeyStore) -> OKPKey:
    """The key of access tokens; its id is its thumbprint (RFC 7638)."""
    key = OKPKey.import_key(_pem(keys.signing_key), {"use": "sig", "alg": ACCESS_ALGORITHM})
    key.ensure_kid()
    return key


def openid_key(keys: KeyStore) -> ECKey:
    """The key of id_tokens; its id is its thumbprint (RFC 7638)."""
    key = ECKey.import_key(_pem(keys.openid_key), {"use": "sig", "alg": OPENID_ALGORITHM})
    key.ensure_kid()
    return key


def _pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
