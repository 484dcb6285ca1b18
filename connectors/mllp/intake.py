"""What becomes of one message of a feed: refused, or stored and then acknowledged. Storage is acceptance.

| what comes | kept | answer |
|---|---|---|
| a message that can be read | inbox (also a duplicate, also a conflict) | AA / CA |
| what cannot be read, is cut or unfinished, or is too large (its first part) | inbox, as a dead letter | AE / CE |
| a sender, event or version the feed refuses | no; a warning is logged | AR / CR |
| anything while the inbox is away, or takes too long | unknown; sent again it is a duplicate at worst | AE / CE |
| a query | no: the audit trail keeps what was answered | the answer; AR where nobody answers it |
| an acknowledgement | no, and not answered: two systems would never stop | none |
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from connectors.mllp.acknowledgement import acknowledgement
from connectors.mllp.frame import Flaw, Frame
from connectors.mllp.limits import Limits
from connectors.mllp.mode import Mode, mode_of
from hub.kernel.clock import Clock
from hub.kernel.consortium import Feed
from hub.kernel.errors import ACK, Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import EnvelopeReader, Inbox, QueryAnswerer
from hub.kernel.types import Accepted, AnswerBody, Envelope, Received, State

#: Larger messages are read in a thread, so that other feeds are served meanwhile.
_LARGE: Final = 256 * 1024

_FLAWS: Final = {
    Flaw.TOO_LARGE: HubError(Category.TOO_LARGE, "the message is too large", todo="see the setting mllp_max_bytes"),
    Flaw.UNFINISHED: HubError(Category.UNREADABLE, "the frame was not finished", todo="end it with FS CR"),
}


#: Message types that ask: what they want is an answer, and nothing of them is to be processed later.
_QUERIES: Final = frozenset({"QBP", "QRY", "QSB", "QVR", "VXQ"})
_TYPE: Final = re.compile(r"[A-Z]{3}(\^[A-Z][A-Z0-9]{2})?\Z")


class Reply(NamedTuple):
    """The answer to one message: its bytes (None: none is wanted), and the inbox number whose outcome is awaited."""

    ack: bytes | None
    envelope: Envelope
    message: int | None = None


class Intake:
    """Decides about the messages of one feed. `control` gives a fresh MSH-10 (at most 20 characters)."""

    def __init__(
        self,
        feed: Feed,
        *,
        inbox: Inbox,
        read_envelope: EnvelopeReader,
        clock: Clock,
        log: Log,
        limits: Limits,
        control: Callable[[], str],
        answerer: QueryAnswerer | None = None,
    ) -> None:
        self._feed = feed
        self._inbox = inbox
        self._read = read_envelope
        self._clock = clock
        self._log = log
        self._limits = limits
        self._control = control
        self._answerer = answerer

    async def envelope(self, frame: Frame) -> Envelope:
        """Peek at a frame. A flawed one keeps no identity of its own: the whole message will come again under it."""
        raw = frame.content
        found = self._read(raw) if len(raw) < _LARGE else await asyncio.to_thread(self._read, raw)
        problem = _FLAWS[frame.flaw] if frame.flaw else found.problem
        if problem is None:
            return found
        return replace(found, problem=problem, identity="sha256:" + hashlib.sha256(raw).hexdigest())

    async def receive(self, raw: bytes, envelope: Envelope, peer: str) -> Reply:
        """Refuse or store a message and compose its answer. Never raises; `Inbox.accept` is called before any wait."""
        mode = mode_of(envelope.header)
        if envelope.kind.partition("^")[0] in {"ACK", "MCF"}:
            self._log.event("mllp.acknowledgement-ignored", feed=self._feed.name)
            return Reply(None, envelope)
        error = self._refusal(envelope)
        if error is not None:
            self._log.event(
                "mllp.refused", level="WARNING", feed=self._feed.name, kind=_kind(envelope), code=error.code
            )
            return self._reply(mode, envelope, error)
        if envelope.problem is None and envelope.kind.partition("^")[0] in _QUERIES:
            return await self._answered(raw, envelope, mode, peer)
        accepted = await self._store(raw, envelope, peer)
        if isinstance(accepted, HubError):
            return self._reply(mode, envelope, accepted)
        self._log.event(
            "mllp.accepted",
            level="DEBUG",
            feed=self._feed.name,
            message=accepted.message,
            kind=_kind(envelope),
            state=accepted.state,
        )
        return self._reply(mode, envelope, envelope.problem, accepted.message)

    async def _answered(self, raw: bytes, envelope: Envelope, mode: Mode, peer: str) -> Reply:
        """The answer to a query, at once in either mode."""
        answer = await self._ask(raw, peer)
        error = answer if isinstance(answer, HubError) else answer.error
        code = ACK[error.category].code if error else "AA"
        if isinstance(answer, HubError):
            return Reply(self._ack(envelope, code, error, mode.enhanced), envelope)
        return Reply(self._ack(envelope, code, error, mode.enhanced, answer.kind) + answer.body, envelope)

    async def _ask(self, raw: bytes, peer: str) -> AnswerBody | HubError:
        if self._answerer is None:
            todo = "have queries_per_minute set for it in consortium.yaml"
            return HubError(
                Category.UNSUPPORTED, "this feed answers no queries", where="MSH-9", todo=todo, code="queries"
            )
        try:
            async with asyncio.timeout(self._limits.accept_seconds):
                return await self._answerer(raw, peer.partition(" ")[0])
        except HubError as error:
            return error
        except TimeoutError:
            return HubError(Category.UNAVAILABLE, "could not be answered in time", todo="ask again")
        except Exception as failure:
            self._log.failure("mllp.not-answered", failure, feed=self._feed.name)
            return HubError(Category.FAULT, "could not be answered", todo="ask again")

    def outcome(self, envelope: Envelope, state: str) -> bytes | None:
        """The application acknowledgement of a settled message, if it wants one."""
        error = None
        if state == State.DEAD:
            error = HubError(Category.INVALID, "stored, but could not be processed", code="dead-letter")
        code = "AE" if error else "AA"
        return self._ack(envelope, code, error, True) if mode_of(envelope.header).wants_application(code) else None

    def _refusal(self, envelope: Envelope) -> HubError | None:
        """Why the feed rejects a message, or None; a message that cannot be read is no sender's."""
        if envelope.header and self._feed.senders and _senders(envelope.header).isdisjoint(self._feed.senders):
            return HubError(Category.FORBIDDEN, "this feed does not take the sender", where="MSH-3", code="sender")
        problem = envelope.problem
        return problem if problem is not None and ACK[problem.category].code == "AR" else None

    async def _store(self, raw: bytes, envelope: Envelope, peer: str) -> Accepted | HubError:
        received = Received(feed=self._feed.name, raw=raw, envelope=envelope, received_at=self._clock(), peer=peer)
        try:
            async with asyncio.timeout(self._limits.accept_seconds):
                return await self._inbox.accept(received)
        except HubError as error:
            self._log.event("mllp.not-stored", level="ERROR", feed=self._feed.name, category=error.category)
            return error
        except TimeoutError:
            self._log.event("mllp.not-stored", level="ERROR", feed=self._feed.name, category=Category.UNAVAILABLE)
            return HubError(Category.UNAVAILABLE, "could not be stored in time", todo="send it again")
        except Exception as error:
            self._log.failure("mllp.not-stored", error, feed=self._feed.name)
            return HubError(Category.FAULT, "could not be stored", todo="send it again")

    def _reply(self, mode: Mode, envelope: Envelope, error: HubError | None, message: int | None = None) -> Reply:
        code = mode.accept_code(ACK[error.category].code if error else "AA")
        ack = self._ack(envelope, code, error, mode.enhanced) if mode.wants_accept(code) else None
        return Reply(ack, envelope, message if mode.waits and error is None else None)

    def _ack(self, envelope: Envelope, code: str, error: HubError | None, enhanced: bool, kind: str = "") -> bytes:
        return acknowledgement(
            envelope, code, error=error, at=self._clock(), control=self._control(), enhanced=enhanced, kind=kind
        )


def _kind(envelope: Envelope) -> str:
    """The message type for the log, if it is one: a sender's slip may have put anything into MSH-9."""
    return envelope.kind if _TYPE.match(envelope.kind) else "other"


def _senders(header: Mapping[str, str]) -> set[str]:
    """What `Feed.senders` may call a sender: MSH-3|MSH-4 as they stand, or their first components alone."""
    application, facility = header.get("MSH-3", ""), header.get("MSH-4", "")
    component = header.get("MSH-2", "^")[:1]
    first = (text.split(component)[0] for text in (application, facility)) if component else (application, facility)
    return {f"{application}|{facility}", "|".join(first)}
