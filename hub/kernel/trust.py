"""Whom a TLS client trusts (RFC 5280; TLS 1.2 or newer, BCP 195), alike under every Python (decision 0076)."""

from __future__ import annotations

import ssl
from pathlib import Path


def trusting(authority: Path | None) -> ssl.SSLContext:
    """The context of a client that trusts the authorities of a PEM file, else those of the machine.

    Python 3.13 and newer refuse a certificate without the extensions RFC 5280 asks for beside what is signed, which the
    authorities of hospitals often leave out, and trust an authority below another by its own certificate. The first is
    let go and the second done here, whatever Python it is. Raises OSError when the file cannot be used.
    """
    context = ssl.create_default_context(cafile=None if authority is None else str(authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
