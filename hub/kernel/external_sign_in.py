"""Sign-in by the consortium's own identity provider (OpenID Connect), as the consortium file names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from hub.kernel.addresses import is_loopback
from hub.kernel.yamlfile import Complaint, YamlFile

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "An OpenID provider (Keycloak or the like) by which users may sign in to the pages.",
    "required": ["name", "issuer", "client_id"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "What users know it by."},
        "issuer": {
            "type": "string",
            "pattern": r"^https?://[A-Za-z0-9.:\[\]-]{1,253}(/[A-Za-z0-9._~-]{1,64}){0,8}$",
            "description": "Its issuer, exactly as its tokens say it, without a slash at its end. https, or http on "
            "this machine. All its endpoints must lie on the same host.",
        },
        "client_id": {"type": "string", "pattern": "^[!-~]{1,128}$", "description": "The hub's client id there."},
        "client_secret": {
            "type": "string",
            "description": "File that holds the hub's secret there, mode 0600, relative to this file; none: a public "
            "client, by PKCE alone.",
        },
        "authority": {
            "type": "string",
            "description": "PEM file of the authority of its certificate; none: those of the machine.",
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalProvider:
    """The provider; fields as the schema says, paths resolved."""

    name: str
    issuer: str
    client_id: str
    client_secret: Path | None = None
    authority: Path | None = None


def provider(row: Mapping[str, Any] | None, folder: Path) -> ExternalProvider | None:
    """The provider of the file in `folder`; None without one."""
    if row is None:
        return None
    paths = {key: folder / row[key] for key in ("client_secret", "authority") if key in row}
    return ExternalProvider(**{**row, **paths})


def contradictions(file: YamlFile) -> Iterator[Complaint]:
    """What is wrong with it although the schema allows it."""
    issuer = urlsplit(file.data.get("sign_in", {}).get("issuer", "https://"))
    if issuer.scheme == "http" and not is_loopback(issuer.hostname or ""):
        yield file.complaint("http is for this machine alone", "sign_in", "issuer")
