"""MQTT brokers of the consortium file: where a feed of transport mqtt is subscribed to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.kernel.addresses import is_loopback
from hub.kernel.yamlfile import Complaint, YamlFile

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "mqtt: the broker, and the topics that are subscribed to with QoS 1.",
    "required": ["host", "topics"],
    "additionalProperties": False,
    "properties": {
        "host": {"type": "string", "pattern": "^[A-Za-z0-9.:-]{1,253}$"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 8883},
        "topics": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "minLength": 1, "maxLength": 256},
            "description": "Topic filters. A single + stands for the number of the device, and a message there tells "
            "of that device alone.",
        },
        "client": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_.-]{1,64}$",
            "description": "Client id, of the persistent session; by default yilian- and the name of the feed.",
        },
        "user": {"type": "string", "minLength": 1},
        "password": {
            "type": "string",
            "description": "File that holds the password, for its owner's eyes alone, relative to this file.",
        },
        "authority": {
            "type": "string",
            "description": "PEM file of the authority of its certificate; none: those of the machine.",
        },
        "certificate": {"type": "string", "description": "PEM file of the hub's own certificate and key."},
        "plaintext": {"type": "boolean", "default": False, "description": "Speak without TLS."},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """One broker; fields as the schema says, paths resolved."""

    host: str
    topics: tuple[str, ...]
    port: int = 8883
    client: str = ""
    user: str = ""
    password: Path | None = None
    authority: Path | None = None
    certificate: Path | None = None
    plaintext: bool = False


def broker(row: Mapping[str, Any], folder: Path) -> Broker:
    """A broker of the file in `folder`."""
    paths = {key: folder / row[key] for key in ("password", "authority", "certificate") if key in row}
    return Broker(**{**row, **paths, "topics": tuple(row["topics"])})


def contradictions(file: YamlFile, index: int, feed: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with the broker of a feed although the schema allows it."""
    if (feed["transport"] == "mqtt") != ("broker" in feed):
        yield file.complaint("transport mqtt, and no other, needs the broker", "feeds", index, "transport")
        return
    stated = feed.get("broker", {})
    if stated.get("password") and stated.get("plaintext") and not is_loopback(stated["host"]):
        yield file.complaint("a password is not sent without TLS", "feeds", index, "broker", "plaintext")
    if "password" in stated and "user" not in stated:
        yield file.complaint("a password needs its user", "feeds", index, "broker", "password")
