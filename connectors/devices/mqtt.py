"""A subscription with QoS 1: each message is acknowledged when its readings are durable, and not before.

The session is persistent: what was not acknowledged when the hub was killed, or while the database was away, is sent
again, and its readings are duplicates by their own identity. What can never be stored is told and acknowledged: sent
again it would come for ever. What is published with QoS 0 nobody would send again: it is not taken. An acknowledgement
belongs to the connection its message came by: after another CONNACK the broker sends the message again, and may give
its packet identifier to another.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from connectors.devices.topics import device_of
from connectors.mllp.tls import client_context
from hub.kernel.broker import Broker
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import FileTaker, Inbox
from hub.kernel.private_files import read_private
from hub.kernel.types import Envelope, Received

#: Seconds between tries to store, and to reach the broker: doubled up to the last.
_PAUSE: Final = (0.5, 30)
_KEEPALIVE: Final = 30
#: Messages in hand at once, and bytes of one of them (as over HTTPS, hub.api.device_readings).
_IN_HAND: Final = 64
MOST_BYTES: Final = 1024 * 1024


class _Message(NamedTuple):
    """A message as it came by one connection (`generation`)."""

    generation: int
    mid: int
    topic: str
    payload: bytes


class Subscription:
    """The subscription of one feed. `devices` gives the numbers a payload tells of (HubError UNREADABLE)."""

    def __init__(
        self,
        feed: str,
        broker: Broker,
        *,
        take: FileTaker,
        devices: Callable[[bytes], frozenset[str]],
        inbox: Inbox,
        clock: Clock,
        log: Log,
    ) -> None:
        self._feed: Final = feed
        self._broker: Final = broker
        self._take: Final = take
        self._devices: Final = devices
        self._inbox: Final = inbox
        self._clock: Final = clock
        self._log: Final = log
        self._generation = 0
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._room: Final = threading.Semaphore(_IN_HAND)
        self._leaving = False
        self._dropped = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Subscribe until `stop` is set; a broker that is away is tried again. What is in hand stays unacknowledged.

        A file of the broker that cannot be used is told, and tried again: it costs no other feed.
        """
        pause, longest = _PAUSE
        while not stop.is_set():
            try:
                client = _client(self._feed, self._broker)
            except (HubError, OSError, ValueError) as error:
                category = getattr(error, "category", Category.INVALID)
                self._log.failure("mqtt-not-usable", error, feed=self._feed, category=category)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)
                pause = min(pause * 2, longest)
            else:
                await self._listen(client, stop)

    async def _listen(self, client: mqtt.Client, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        client.on_connect = lambda *said: self._connected(client, said[3])
        client.on_subscribe = lambda *said: self._subscribed(said[3])
        client.on_disconnect = lambda *said: self._log.event("mqtt-left", feed=self._feed, code=str(said[3].value))

        def heard(_: mqtt.Client, __: Any, message: mqtt.MQTTMessage) -> None:
            if self._has_room(client, message):
                loop.call_soon_threadsafe(self._begin, client, self._of(message))

        client.on_message = heard
        client.connect_async(self._broker.host, self._broker.port, keepalive=_KEEPALIVE)
        client.loop_start()
        try:
            await stop.wait()
        finally:
            client.on_message = None
            self._leaving = True
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._room.release()  # the thread of the client may wait for it
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    def _connected(self, client: mqtt.Client, reason: Any) -> None:
        """In the thread of the client: whatever comes from now on comes by this connection."""
        self._generation += 1
        if reason.is_failure:
            self._log.event("mqtt-refused", level="ERROR", feed=self._feed, code=str(reason.value))
            return
        client.subscribe([(topic, 1) for topic in self._broker.topics])

    def _subscribed(self, reasons: Sequence[Any]) -> None:
        refused = any(reason.is_failure for reason in reasons)
        self._log.event("mqtt-refused" if refused else "mqtt-joined", feed=self._feed)

    def _has_room(self, client: mqtt.Client, message: mqtt.MQTTMessage) -> bool:
        """In the thread of the client: while too much is in hand it reads no further, and the broker keeps the rest."""
        if message.qos == 0:
            self._dropped += 1
            if self._dropped.bit_count() == 1:  # told whenever they have doubled
                self._log.event("mqtt-qos-0", level="ERROR", feed=self._feed, count=self._dropped)
            return False
        if len(message.payload) > MOST_BYTES:
            self._log.event("mqtt-too-large", level="ERROR", feed=self._feed, bytes=len(message.payload))
            client.ack(message.mid, message.qos)
            return False
        if not self._leaving:
            self._room.acquire()
        return not self._leaving

    def _of(self, message: mqtt.MQTTMessage) -> _Message:
        return _Message(self._generation, message.mid, message.topic, bytes(message.payload))

    def _begin(self, client: mqtt.Client, message: _Message) -> None:
        if self._leaving:
            return
        task = asyncio.create_task(self._keep(client, message))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.release()

    async def _keep(self, client: mqtt.Client, message: _Message) -> None:
        """Store a message, however often it takes, and acknowledge it if its connection is still the one there is."""
        pause, longest = _PAUSE
        while not await self._stored(message):
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)
        if message.generation == self._generation:
            client.ack(message.mid, 1)

    async def _stored(self, message: _Message) -> bool:
        """Whether it is done with: on disk, or told because it never can be."""
        try:
            problem = self._problem(message)
            if problem is None:
                await self._take(message.payload, "mqtt")
                return True
        except Exception as error:
            problem = self._why(error)
        if problem.category is not Category.UNAVAILABLE:
            try:
                await self._inbox.accept(self._refused(message, problem))
                return True
            except Exception as error:
                problem = self._why(error)
        self._log.event("mqtt-not-stored", level="ERROR", feed=self._feed, category=problem.category)
        return problem.category is not Category.UNAVAILABLE

    def _why(self, error: Exception) -> HubError:
        """Why something was not stored; what is no refusal is a defect, and told with its place."""
        if isinstance(error, HubError):
            return error
        self._log.failure("mqtt-failed", error, feed=self._feed)
        return HubError(Category.FAULT, "could not be taken", where="payload", todo="report this")

    def _problem(self, message: _Message) -> HubError | None:
        """A device that tells of another: its messages are kept, and become nobody's readings."""
        device = device_of(message.topic, self._broker.topics)
        try:
            others = frozenset() if device is None else self._devices(message.payload) - {device}
        except HubError:
            return None  # it is told by whoever takes it apart
        if not others:
            return None
        todo = "let each device publish to its own topic"
        return HubError(Category.FORBIDDEN, "tells of another device", where="topic", todo=todo, code="other-device")

    def _refused(self, message: _Message, problem: HubError) -> Received:
        envelope = Envelope(identity=f"sha256:{hashlib.sha256(message.payload).hexdigest()}", problem=problem)
        return Received(feed=self._feed, raw=message.payload, envelope=envelope, received_at=self._clock(), peer="mqtt")


def _client(feed: str, broker: Broker) -> mqtt.Client:
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=broker.client or f"yilian-{feed}",
        clean_session=False,
        protocol=mqtt.MQTTv311,
        manual_ack=True,
    )
    client.reconnect_delay_set(min_delay=1, max_delay=int(_PAUSE[1]))
    if not broker.plaintext:
        client.tls_set_context(client_context(broker.authority, broker.certificate))
    if broker.user:
        secret = None if broker.password is None else read_private(broker.password).decode().strip()
        client.username_pw_set(broker.user, secret)
    return client
