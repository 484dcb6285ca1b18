"""Devices of the demo as their makers build them: a band that signs, a meter whose phone publishes by MQTT (QoS 1)."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from hub.demo.ask import Client, Reply
from hub.kernel.errors import Category, HubError

#: Seconds in which what was published must be in the inbox.
PATIENCE: Final = 30.0
_PAUSE: Final = 0.05


class Bands:
    """Devices that send for themselves, each with a secret the hub gave it once; `administrator` registers them."""

    def __init__(self, administrator: Callable[[], Client]) -> None:
        self._administrator: Final = administrator
        self._secrets: Final[dict[tuple[str, str], str]] = {}

    def send(self, path: str, device: str, content: bytes) -> Reply:
        """What the hub answers to a signed request; `path` is that of the readings of a feed.

        Raises HubError INVALID where the device is not registered, UNAVAILABLE where the hub does not answer.
        """
        at, nonce = str(int(time.time())), uuid4().hex
        lines = ["POST", f"/{path}", at, nonce, hashlib.sha256(content).hexdigest()]
        secret = self._secret(path.split("/")[2], device)
        signature = hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        said = f'HMAC-SHA256 name="{device}", time="{at}", nonce="{nonce}", signature="{signature}"'
        return Client(self._administrator().base, "", {"Authorization": said}).send(path, content)

    def _secret(self, feed: str, device: str) -> str:
        if (feed, device) not in self._secrets:
            asked = {"feed": feed, "name": device, "signs": True}
            reply = self._administrator().call("POST", "api/device-senders", asked)
            if reply.status != 201:
                raise HubError(Category.INVALID, f"was not registered (status {reply.status})", where=device)
            self._secrets[feed, device] = str(reply.content["secret"])
        return self._secrets[feed, device]


def publish(port: int, topic: str, content: bytes, feed: str, administrator: Client) -> Reply:
    """Publish to the broker of this machine, and wait until the feed has the message. Raises HubError UNAVAILABLE."""
    from paho.mqtt.publish import single

    before, deadline = _taken(feed, administrator), time.monotonic() + PATIENCE
    try:
        single(topic, content, qos=1, hostname="127.0.0.1", port=port)
    except OSError as error:
        raise HubError(Category.UNAVAILABLE, "the broker does not answer", where="mosquitto") from error
    while _taken(feed, administrator) == before:
        if time.monotonic() > deadline:
            raise HubError(Category.UNAVAILABLE, "what was published did not arrive", where=feed, todo="see its log")
        time.sleep(_PAUSE)
    return Reply(201, None)


def _taken(feed: str, administrator: Client) -> int:
    rows = administrator.get("api/messages/summary")["messages"]
    return sum(int(row["count"]) for row in rows if row["feed"] == feed)
