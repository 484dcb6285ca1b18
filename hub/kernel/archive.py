"""Imaging archives of the consortium file: where the hub fetches the images of a facility from (DICOMweb)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from hub.kernel.addresses import is_loopback
from hub.kernel.yamlfile import Complaint, YamlFile

#: Where the API has all archives.
PREFIX: Final = "/dicom-web"

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "An imaging archive. The hub answers for it under /dicom-web/{name}.",
    "required": ["name", "facility"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"},
        "facility": {"type": "string", "description": "Code of the facility whose archive it is."},
        "dicomweb": {
            "type": "string",
            "pattern": r"^https?://[A-Za-z0-9.:\[\]-]{1,253}(/[A-Za-z0-9._~-]{1,64}){0,8}$",
            "description": "Base URL of its DICOMweb services (PS3.18), without a slash at its end.",
        },
        "dimse": {
            "type": "object",
            "description": "An archive without DICOMweb: its studies are found by C-FIND, its images not fetched.",
            "required": ["host", "port", "title"],
            "additionalProperties": False,
            "properties": {
                "host": {"type": "string", "pattern": "^[A-Za-z0-9.:-]{1,253}$"},
                "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                "title": {"type": "string", "pattern": "^[ -~]{1,16}$", "description": "Its AE title."},
                "calling": {"type": "string", "pattern": "^[ -~]{1,16}$", "default": "YILIAN"},
            },
        },
        "plaintext": {
            "type": "boolean",
            "default": False,
            "description": "Allow http://, or dimse, to an address other than loopback.",
        },
        "authority": {
            "type": "string",
            "description": "PEM file of the authority of its certificate; none: those of the machine.",
        },
        "credential": {
            "type": "string",
            "description": "File that holds the value of the Authorization header it wants, relative to this file.",
        },
        "viewer": {
            "type": "string",
            "pattern": r"^https?://[^\s{}\"'<>]+\{study\}[^\s{}\"'<>]*$",
            "description": "Address of a viewer, with {study} where the UID of a study stands; the pages lead to it.",
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimse:
    """Where an archive answers C-FIND, its AE title, and the one the hub calls itself by."""

    host: str
    port: int
    title: str
    calling: str = "YILIAN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One archive; fields as the schema says, paths resolved. It has `dicomweb` or `dimse`."""

    name: str
    facility: str
    dicomweb: str = ""
    dimse: Dimse | None = None
    plaintext: bool = False
    authority: Path | None = None
    credential: Path | None = None
    viewer: str = ""


def served_at(fhir_base: str, name: str) -> str:
    """Base of the DICOMweb services under which a hub with this FHIR base answers for an archive."""
    return f"{fhir_base.rsplit('/', 1)[0]}{PREFIX}/{name}"


def archive(row: Mapping[str, Any], folder: Path) -> Archive:
    """An archive of the file in `folder`."""
    paths = {key: folder / row[key] for key in ("authority", "credential") if key in row}
    dimse = {"dimse": Dimse(**row["dimse"])} if "dimse" in row else {}
    return Archive(**{**row, **paths, **dimse})


def contradictions(file: YamlFile, codes: set[str]) -> Iterator[Complaint]:
    """What is wrong with the archives although the schema allows it; `codes` are the facilities."""
    for n, row in enumerate(file.data.get("archives", [])):
        if row["facility"] not in codes:
            yield file.complaint("no facility has this code", "archives", n, "facility")
        if ("dicomweb" in row) == ("dimse" in row):
            yield file.complaint("needs either dicomweb or dimse", "archives", n)
            continue
        base = urlsplit(row.get("dicomweb", ""))
        if base.scheme == "http" and not row.get("plaintext") and not is_loopback(base.hostname or ""):
            yield file.complaint("http needs plaintext: true", "archives", n, "dicomweb")
        if "dimse" in row and not row.get("plaintext") and not is_loopback(row["dimse"]["host"]):
            yield file.complaint("dimse needs plaintext: true", "archives", n, "dimse")
    yield from _wrong_names(file)
    yield from _wrong_tellers(file)


def _wrong_names(file: YamlFile) -> Iterator[Complaint]:
    """Feeds that name an archive that is none, or another facility's."""
    owners = {row["name"]: row["facility"] for row in file.data.get("archives", [])}
    for n, feed in enumerate(file.data.get("feeds", [])):
        if "archive" in feed and owners.get(feed["archive"]) != feed["facility"]:
            yield file.complaint("its facility has no archive of this name", "feeds", n, "archive")


def _wrong_tellers(file: YamlFile) -> Iterator[Complaint]:
    """Feeds said to tell of an archive that are no HL7 v2 feeds of its facility, or are named where none is asked."""
    feeds = file.data.get("feeds", [])
    speaking = [each for each in feeds if each.get("direction") != "out" and each.get("format", "hl7v2") == "hl7v2"]
    tellers = {(each["facility"], each["name"]) for each in speaking if each["transport"] not in ("dicom", "archive")}
    for n, feed in enumerate(feeds):
        if "told_by" in feed and feed["transport"] != "archive":
            yield file.complaint(f"a feed of transport {feed['transport']} asks no archive", "feeds", n, "told_by")
        for place, name in enumerate(feed.get("told_by", ())):
            if (feed["facility"], name) not in tellers:
                what = "the facility has no HL7 v2 feed of this name"
                yield file.complaint(what, "feeds", n, "told_by", place)
