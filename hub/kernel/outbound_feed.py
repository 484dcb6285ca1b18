"""Outbound feeds of the consortium file: what a hospital system is sent, where, and how often it is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from hub.kernel.addresses import is_address, is_loopback
from hub.kernel.yamlfile import Complaint, YamlFile

#: Kinds of message (type and event) that the hub sends.
KINDS: Final = ("ORU^R01", "MDM^T02", "MDM^T11", "REF^I12", "ADT^A31", "ADT^A40")

_NAMES: Final = {"type": "string", "pattern": r"^[^|^~\\&\s]{1,100}\|[^|^~\\&\s]{1,100}$"}

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "An outbound feed: a hospital system the hub sends HL7 v2 to.",
    "required": ["name", "direction", "facility", "transport", "host", "port", "events"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
        "direction": {"const": "out"},
        "facility": {
            "type": "string",
            "description": "Code of the facility that receives: the gate lets out what its clinicians may see.",
        },
        "transport": {"const": "mllp"},
        "host": {"type": "string", "pattern": "^[A-Za-z0-9.:-]{1,253}$"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "plaintext": {
            "type": "boolean",
            "default": False,
            "description": "Allow an address other than loopback without TLS; host must then be an address.",
        },
        "tls": {
            "type": "object",
            "additionalProperties": False,
            "dependentRequired": {"certificate": ["key"], "key": ["certificate"]},
            "properties": {
                "authority": {
                    "type": "string",
                    "description": "PEM file of the authority of its certificate; none: those of the machine.",
                },
                "certificate": {"type": "string", "description": "PEM file of the certificate the hub shows."},
                "key": {"type": "string"},
            },
        },
        "events": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(KINDS)},
            "description": "Results, documents, referrals, changed and replaced patients.",
        },
        "version": {"enum": ["2.4", "2.5.1"], "default": "2.5.1"},
        "charset": {"enum": ["UTF-8", "GB18030", "GBK"], "default": "UTF-8"},
        "zone": {"type": "string", "pattern": r"^[+-](0\d|1[0-4]):[0-5]\d$", "default": "+08:00"},
        "profile": {
            "type": "string",
            "description": "Facility profile whose names of identifiers the receiver knows, relative to this file.",
        },
        "sender": {**_NAMES, "default": "YILIAN|HUB", "description": "MSH-3|MSH-4."},
        "receiver": {**_NAMES, "description": "MSH-5|MSH-6; none: HIS and the code of the facility."},
        "acknowledgement": {
            "enum": ["original", "accept", "application"],
            "default": "original",
            "description": "What ends a delivery: AA in original mode; CA (accept) or AA behind CA (application) in "
            "enhanced mode.",
        },
        "window": {
            "type": "integer",
            "minimum": 1,
            "maximum": 64,
            "default": 1,
            "description": "Messages that may await their answers; never two of one patient.",
        },
        "timeout": {"type": "number", "minimum": 1, "maximum": 600, "default": 30, "description": "Seconds."},
        "retry": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "tries": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
                "first_seconds": {"type": "number", "minimum": 0, "maximum": 3600, "default": 5},
                "longest_seconds": {"type": "number", "minimum": 0, "maximum": 86400, "default": 3600},
            },
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTls:
    """Whom the hub trusts (None: the machine's authorities), and the certificate and key it shows. PEM files."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a message is sent before it is laid aside; pauses in seconds, doubled from the first to the longest."""

    tries: int = 10
    first_seconds: float = 5
    longest_seconds: float = 3600

    def pause(self, tried: int) -> timedelta:
        """The pause after so many tries failed, at least one."""
        return timedelta(seconds=min(self.longest_seconds, self.first_seconds * 2.0 ** min(tried - 1, 40)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundFeed:
    """One outgoing interface to a facility. `timeout` is seconds; other fields as the schema says."""

    name: str
    facility: str
    transport: str
    host: str
    port: int
    events: tuple[str, ...]
    plaintext: bool = False
    tls: ClientTls | None = None
    version: str = "2.5.1"
    charset: str = "UTF-8"
    zone: str = "+08:00"
    profile: Path | None = None
    sender: str = "YILIAN|HUB"
    receiver: str = ""
    acknowledgement: str = "original"
    window: int = 1
    timeout: float = 30
    retry: Retry = field(default_factory=Retry)


def contradictions(file: YamlFile, index: int, row: Mapping[str, Any]) -> Iterator[Complaint]:
    """What the schema cannot say of an outbound feed, the one at `index` of `feeds`."""
    if is_loopback(row["host"]) or "tls" in row:
        return
    if not row.get("plaintext"):
        what = "an address other than loopback needs tls, or plaintext: true"
        yield file.complaint(what, "feeds", index, "host")
    elif not is_address(row["host"]):
        what = "plaintext needs an address: a name may lead anywhere"
        yield file.complaint(what, "feeds", index, "host")


def outbound_feed(row: Mapping[str, Any], folder: Path) -> OutboundFeed:
    """An outbound feed of what stands in the file; paths are relative to `folder`."""
    values = {name: value for name, value in row.items() if name != "direction"}
    values["events"] = tuple(values["events"])
    if "profile" in values:
        values["profile"] = folder / values["profile"]
    if "tls" in values:
        values["tls"] = ClientTls(**{key: folder / name for key, name in values["tls"].items()})
    values["retry"] = Retry(**values.get("retry", {}))
    return OutboundFeed(**values)
