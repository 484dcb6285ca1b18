"""TLS of feeds and senders: certificates from PEM files, TLS 1.2 or newer (IHE ATNA, BCP 195)."""

from __future__ import annotations

import ssl
from pathlib import Path

from hub.kernel.consortium import Tls
from hub.kernel.errors import Category, HubError
from hub.kernel.trust import trusting


def server_context(tls: Tls) -> ssl.SSLContext:
    """The context of a listening feed; with `client_ca` a client must show a certificate of that authority.

    Raises HubError INVALID naming the file that cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_chain(context, tls.certificate, tls.key)
    if tls.client_ca is not None:
        _load_authority(context, tls.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(authority: Path | None, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """The context of a sender: whom it trusts (None: the machine's authorities), and the certificate it shows."""
    try:
        context = trusting(authority)
    except OSError as error:  # ssl.SSLError is one
        raise _unusable(authority, error) from None
    if certificate is not None:
        _load_chain(context, certificate, key or certificate)
    return context


def _load_chain(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        raise HubError(
            Category.INVALID, f"no usable certificate and key ({type(error).__name__})", where=str(certificate)
        ) from None


def _load_authority(context: ssl.SSLContext, authority: Path) -> None:
    try:
        context.load_verify_locations(authority)
    except OSError as error:
        raise _unusable(authority, error) from None


def _unusable(authority: Path | None, error: OSError) -> HubError:
    what = f"no usable authority certificate ({type(error).__name__})"
    return HubError(Category.INVALID, what, where=str(authority))
