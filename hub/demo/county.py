"""The consortium file of one demo: the fictional county, and beside it what only a demo can have, since it plays the
other side too: an imaging department that sends, a hospital system that is sent to, and an MQTT broker."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from hub.demo.broker import program
from hub.demo.story import DATA, data

_NAME: Final = "consortium.yaml"
#: The feed by which F01's HIS is sent to.
TO_HIS: Final = "to-F01-his"
#: The feed of the village's meters: by MQTT where the machine has a broker, else by HTTP.
METERS: Final = "F06-meters"


def county_file(folder: Path) -> Path:
    """The file in the data folder of the demo; it is written where none is there."""
    path = folder / _NAME
    if not path.is_file():
        stated = data("consortium.yaml")
        feeds = [_placed(feed) for feed in [*stated["feeds"], *data("county-feeds.yaml")]]
        path.write_text(yaml.safe_dump({**stated, "feeds": feeds}, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def his_port(file: Path) -> int:
    """The port on which F01's HIS listens, by the consortium file of the demo."""
    feeds = yaml.safe_load(file.read_text(encoding="utf-8"))["feeds"]
    return next(int(feed["port"]) for feed in feeds if feed["name"] == TO_HIS)


def broker_port(file: Path) -> int:
    """The port of the MQTT broker, by the consortium file of the demo; 0 where it was made without one."""
    feeds = yaml.safe_load(file.read_text(encoding="utf-8"))["feeds"]
    return next((int(feed["broker"]["port"]) for feed in feeds if "broker" in feed), 0)


def _placed(feed: Mapping[str, Any]) -> dict[str, Any]:
    """A feed whose profile is found from anywhere, and whose receiver or broker has a port that is free now."""
    placed = dict(feed)
    if "profile" in feed:
        placed["profile"] = str(Path(str(DATA)) / feed["profile"])
    if feed["name"] == TO_HIS:
        placed["port"] = free_port()
    if feed["name"] == METERS and program() is not None:
        broker = {"host": "127.0.0.1", "port": free_port(), "topics": ["meters/+"], "plaintext": True}
        placed |= {"transport": "mqtt", "broker": broker}
    return placed


def free_port() -> int:
    """A port of loopback nobody listens on now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
