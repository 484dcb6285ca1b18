"""What is peculiar to one archive: who issues its patient and accession numbers, its character set, its zone."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.kernel.yamlfile import Complaint, YamlFile, check, read, refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`issuer` and `accession_issuer` are URIs; without an issuer a PatientID that names none is held unattached.

    `charset` is a Python codec that overrules (0008,0005); `zone` is used where an object states none.
    `gone` is the status of a study that the archive has no longer.
    """

    name: str = "default"
    issuer: str = ""
    accession_issuer: str = ""
    charset: str | None = None
    zone: str = "+08:00"
    gone: str = "entered-in-error"


DEFAULT: Final = Profile()

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "issuer": {"type": "string", "pattern": "^(urn:|https?:)", "description": "URI of who issues PatientID."},
        "accession_issuer": {"type": "string", "pattern": "^(urn:|https?:)", "description": "The same of accessions."},
        "charset": {"type": "string", "description": "Python codec of every text, whatever (0008,0005) says."},
        "zone": {"type": "string", "pattern": "^[+-][0-9]{2}:[0-9]{2}$"},
        "gone": {
            "enum": ["entered-in-error", "cancelled", "unknown"],
            "default": "entered-in-error",
            "description": "Status of a study that the archive has no longer; unknown where it deletes what is old.",
        },
    },
}


def load(path: Path) -> Profile:
    """Read a profile. Raises HubError with the lines that are wrong."""
    file = read(path)
    refuse(file, check(file, SCHEMA) or _contradictions(file))
    return Profile(**file.data)


def _contradictions(file: YamlFile) -> list[Complaint]:
    charset = file.data.get("charset")
    try:
        codecs.lookup(charset or "utf-8")
    except LookupError:
        return [file.complaint("no codec has this name", "charset")]
    return []
