"""The consortium file: facilities, feeds and policy, as an engineer writes them in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Literal

from hub.kernel.yamlfile import Complaint, YamlFile, check, read, refuse

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "consortium.yaml of Yilian Hub",
    "type": "object",
    "required": ["facilities"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "description": "Name of the consortium."},
        "facilities": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["code", "name"],
                "additionalProperties": False,
                "properties": {
                    "code": {
                        "type": "string",
                        "pattern": "^[A-Za-z0-9.-]{1,32}$",
                        "description": "Id of its Organization resource.",
                    },
                    "name": {"type": "string"},
                    "part_of": {"type": "string", "description": "Code of the facility it belongs to."},
                    "legal_entity": {"type": "boolean", "default": True},
                },
            },
        },
        "feeds": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "facility", "transport"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
                    "facility": {"type": "string", "description": "Code of the facility that sends."},
                    "transport": {"const": "mllp"},
                    "profile": {
                        "type": "string",
                        "description": "Facility profile, a path relative to this file.",
                    },
                    "validation": {
                        "enum": ["lenient", "strict"],
                        "description": "Judge every resource the messages become by FHIR R4 and the loaded profiles. "
                        "lenient: keep it and record the issues; strict: a dead letter. Absent: the mapping answers.",
                    },
                    "host": {"type": "string", "default": "127.0.0.1"},
                    "port": {
                        "type": "integer",
                        "minimum": 0,
                        "maximum": 65535,
                        "description": "0 takes a free port.",
                    },
                    "senders": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Values of MSH-3|MSH-4 (application|facility) accepted; none: any.",
                    },
                    "peers": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Networks (CIDR) that may connect; none: loopback only.",
                    },
                    "plaintext": {
                        "type": "boolean",
                        "default": False,
                        "description": "Allow an address other than loopback without TLS.",
                    },
                    "tls": {
                        "type": "object",
                        "required": ["certificate", "key"],
                        "additionalProperties": False,
                        "properties": {
                            "certificate": {"type": "string"},
                            "key": {"type": "string"},
                            "client_ca": {
                                "type": "string",
                                "description": "Clients must show a certificate of this authority.",
                            },
                        },
                    },
                },
            },
        },
        "receivers": {
            "type": "array",
            "description": "Where subscriptions may send notifications; none: nowhere.",
            "items": {
                "type": "object",
                "required": ["facility", "host"],
                "additionalProperties": False,
                "properties": {
                    "facility": {"type": "string", "description": "Code of the facility whose subscriptions may."},
                    "host": {
                        "type": "string",
                        "pattern": "^[a-z0-9.:-]{1,253}$",
                        "description": "Host name in lower case, or an address, as it stands in the URL.",
                    },
                    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 443},
                    "networks": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Networks (CIDR) its addresses must lie in; none: public addresses only.",
                    },
                    "plaintext": {
                        "type": "boolean",
                        "default": False,
                        "description": "Allow http:// to it; needs the networks.",
                    },
                    "authority": {
                        "type": "string",
                        "description": "PEM file of the authority of its certificate; none: those of the machine.",
                    },
                },
            },
        },
        "policy": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "clinical": {"enum": ["opt-out", "opt-in"], "default": "opt-out"},
                "secondary": {"enum": ["opt-out", "opt-in"], "default": "opt-in"},
            },
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A member organisation. `code` is the id of its Organization resource."""

    code: str
    name: str
    part_of: str | None = None
    legal_entity: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Server certificate and key (PEM files) of a feed; `client_ca` makes client certificates compulsory."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One incoming interface of a facility. `validation` None: what its messages become is not judged again."""

    name: str
    facility: str
    transport: str
    profile: Path | None = None
    validation: Literal["lenient", "strict"] | None = None
    host: str = "127.0.0.1"
    port: int = 0
    senders: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    plaintext: bool = False
    tls: Tls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A host to which the subscriptions of a facility may send. `networks` are those its addresses must lie in."""

    facility: str
    host: str
    port: int = 443
    networks: tuple[str, ...] = ()
    plaintext: bool = False
    authority: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consortium:
    """Everything `consortium.yaml` says."""

    name: str
    facilities: Mapping[str, Facility]
    feeds: Mapping[str, Feed]
    clinical: str = "opt-out"
    secondary: str = "opt-in"
    receivers: tuple[Receiver, ...] = ()

    def legal_entity(self, code: str) -> str:
        """The first legal entity in the chain of a facility, itself first; itself if there is none."""
        seen: set[str] = set()
        at: str | None = code
        while at is not None and at not in seen:
            seen.add(at)
            facility = self.facilities.get(at)
            if facility is None:
                break
            if facility.legal_entity:
                return at
            at = facility.part_of
        return code


def load(path: Path) -> Consortium:
    """Read and check a consortium file. Raises HubError INVALID with one line per complaint (`file:line: ...`)."""
    file = read(path)
    refuse(file, check(file, SCHEMA) or _contradictions(file))
    return _consortium(file.data, path.parent)


def _contradictions(file: YamlFile) -> list[Complaint]:
    facilities = file.data["facilities"]
    feeds = file.data.get("feeds", [])
    codes = {f["code"] for f in facilities}
    found = _repeated(file, "facilities", facilities, "code") + _repeated(file, "feeds", feeds, "name")
    for i, facility in enumerate(facilities):
        if facility.get("part_of", facility["code"]) not in codes:
            found.append(file.complaint("no facility has this code", "facilities", i, "part_of"))
    for i, feed in enumerate(feeds):
        if feed["facility"] not in codes:
            found.append(file.complaint("no facility has this code", "feeds", i, "facility"))
        if not _is_loopback(feed.get("host", "127.0.0.1")) and not feed.get("tls"):
            if not feed.get("plaintext"):
                found.append(
                    file.complaint("an address other than loopback needs tls, or plaintext: true", "feeds", i, "host")
                )
            elif not feed.get("peers"):
                found.append(
                    file.complaint("plaintext needs the networks that may connect (peers)", "feeds", i, "plaintext")
                )
    return found + _wrong_receivers(file, codes)


def _wrong_receivers(file: YamlFile, codes: set[str]) -> list[Complaint]:
    found = []
    for i, receiver in enumerate(file.data.get("receivers", [])):
        if receiver["facility"] not in codes:
            found.append(file.complaint("no facility has this code", "receivers", i, "facility"))
        if receiver.get("plaintext") and not receiver.get("networks"):
            found.append(file.complaint("plaintext needs the networks it is allowed in", "receivers", i, "plaintext"))
        for n, network in enumerate(receiver.get("networks", [])):
            if not _is_network(network):
                found.append(file.complaint("is not a network (CIDR)", "receivers", i, "networks", n))
    return found


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _repeated(file: YamlFile, key: str, rows: list[Mapping[str, Any]], name: str) -> list[Complaint]:
    seen: set[str] = set()
    found = []
    for i, row in enumerate(rows):
        if row[name] in seen:
            found.append(file.complaint(f"{row[name]} stands twice", key, i, name))
        seen.add(row[name])
    return found


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def _consortium(data: Mapping[str, Any], folder: Path) -> Consortium:
    policy = data.get("policy", {})
    return Consortium(
        name=data.get("name", ""),
        facilities={f["code"]: Facility(**f) for f in data["facilities"]},
        feeds={f["name"]: _feed(f, folder) for f in data.get("feeds", [])},
        clinical=policy.get("clinical", "opt-out"),
        secondary=policy.get("secondary", "opt-in"),
        receivers=tuple(_receiver(row, folder) for row in data.get("receivers", [])),
    )


def _receiver(row: Mapping[str, Any], folder: Path) -> Receiver:
    values = {**row, "networks": tuple(row.get("networks", ()))}
    if "authority" in values:
        values["authority"] = folder / values["authority"]
    return Receiver(**values)


def _feed(row: Mapping[str, Any], folder: Path) -> Feed:
    values = dict(row)
    if "profile" in values:
        values["profile"] = folder / values["profile"]
    if "tls" in values:
        values["tls"] = Tls(**{key: folder / name for key, name in values["tls"].items()})
    for key in ("senders", "peers"):
        values[key] = tuple(values.get(key, ()))
    return Feed(**values)
