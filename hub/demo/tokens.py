"""Tokens for the demo, from the keys in its data folder; what `yilian token` prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.tokens import Issuer
from hub.demo.ask import Client
from hub.kernel.clock import system_clock
from hub.kernel.settings import Settings
from hub.run.installation import consortium_of


def clients(base: str, data: Path, settings: Settings) -> Callable[[str, str], Client]:
    """Gives clients of the hub at `base` by role and organisation."""
    issuer = Issuer(KeyStore(data / "keys"), Directory(consortium_of(data, settings)), system_clock)
    return lambda role, organization: Client(base, issuer.issue(role=role, organization=organization))
