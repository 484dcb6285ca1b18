"""Tokens for the demo, from the keys in its data folder; what `yilian token` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.demo.ask import Client
from hub.kernel.clock import system_clock
from hub.kernel.settings import Settings
from hub.run.installation import consortium_of


class Clients(Protocol):
    """Gives clients by the rights of their token (`hub.auth.tokens.Issuer.issue`)."""

    def __call__(self, role: str, organization: str = "", **rights: Any) -> Client: ...


def clients(base: str, data: Path, settings: Settings) -> Clients:
    """Clients of the hub at `base`, each with a new token."""
    issuer = Issuer(KeyStore(data / "keys"), Directory(consortium_of(data, settings)), system_clock)

    def client(role: str, organization: str = "", **rights: Any) -> Client:
        return Client(base, issuer.issue(role=role, organization=organization, **rights))

    return client
