"""The protocols through which packages that may not import each other work together; bootstrap wires them."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Container,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from hub.kernel.errors import HubError
from hub.kernel.types import (
    Accepted,
    AnswerBody,
    Candidate,
    Coded,
    CodeSuggestion,
    Envelope,
    Fetched,
    Json,
    Outgoing,
    Part,
    PatientQuery,
    Reaction,
    Received,
    Taken,
    Translation,
    UnmappedCode,
    Written,
)


class EnvelopeReader(Protocol):
    """Reads what can be known of a raw message without translating it. Never raises: see `Envelope.problem`."""

    def __call__(self, raw: bytes) -> Envelope: ...


class Dissector(Protocol):
    """Takes a raw message of a feed apart, for people. Raises HubError UNREADABLE."""

    def __call__(self, raw: bytes) -> tuple[Part, ...]: ...


class Mender(Protocol):
    """Applies pre-processors, as a facility profile writes them, to a raw message of a feed; the same bytes if they
    change nothing.

    Raises HubError INVALID for steps that are none, UNREADABLE for bytes that cannot be read and written back alike.
    """

    def __call__(self, raw: bytes, steps: Sequence[Json]) -> bytes: ...


class Inbox(Protocol):
    """The durable store of every message as received."""

    async def accept(self, received: Received) -> Accepted:
        """Return once the message is on disk. Raises HubError UNAVAILABLE when it could not be stored in time.

        A message whose envelope has a problem, or whose `problem` is given, is kept as a dead letter all the same.
        """
        ...


class FileTaker(Protocol):
    """Takes a file of one feed into the inbox, message by message."""

    async def __call__(self, raw: bytes, peer: str) -> Taken:
        """Return once all of it is durable. Raises HubError UNAVAILABLE when not all could be stored: take it again."""
        ...


class Translator(Protocol):
    """Turns one raw message of a feed into drafts. Pure: same bytes, same profile, same result.

    Raises HubError (UNREADABLE, UNSUPPORTED, INVALID) when the message must become a dead letter.
    """

    def __call__(self, raw: bytes) -> Translation: ...


class AcknowledgementWaiter(Protocol):
    """Tells when messages have reached a final state (enhanced mode's application acknowledgement)."""

    async def settled(self, messages: Sequence[int], seconds: float) -> dict[int, str]:
        """State by message number for those that settled within `seconds`."""
        ...


#: Gives the control id of a message from the rest of its content: the same content, the same id, and no other.
ControlMaker = Callable[[bytes], str]


class MessageWriter(Protocol):
    """Writes the messages of one outbound feed. Pure: the same resources give the same bytes.

    Raises HubError INVALID or UNSUPPORTED for what cannot be told in the receiver's format.
    """

    def __call__(self, outgoing: Outgoing, control: ControlMaker) -> Written: ...


class DocumentWriter(Protocol):
    """Writes CDA documents out of FHIR resources."""

    def __call__(
        self,
        kind: str,
        resources: Sequence[Json],
        *,
        patient: str,
        author: str,
        organization: str,
        number: str,
        written: str,
    ) -> bytes:
        """The document of a type (`HSDC00.05`) about one of the Patients, as a facility and one of its people write it.

        `author` is the id of a Practitioner, "" for none; `number` the document's own; `written` a FHIR dateTime.
        Raises HubError UNSUPPORTED for a type that is not written, INVALID where the Patient is not among them.
        """
        ...


class Carrier(Protocol):
    """An open connection to a receiver."""

    def carry(self, messages: Sequence[Written]) -> AsyncGenerator[Reaction]:
        """Send messages and give what is said to each, in order.

        Raises HubError UNAVAILABLE (code `receiver-...`) when the receiver hangs up, answers something else, or does
        not answer in time: what became of those without an answer is not known.
        """
        ...


class Transport(Protocol):
    """Opens connections to one receiver. Raises HubError UNAVAILABLE (code `receiver-away`) where there is none."""

    def __call__(self) -> AbstractAsyncContextManager[Carrier]: ...


class QueryFormat(Protocol):
    """How the queries of one feed are read and answered. Pure."""

    def read(self, raw: bytes) -> PatientQuery:
        """What is asked. Raises HubError UNREADABLE, INVALID or UNSUPPORTED for what cannot be read."""
        ...

    def answer(self, raw: bytes, found: Sequence[Candidate], error: HubError | None) -> AnswerBody:
        """The answer to a query, which may be an error. Raises HubError UNSUPPORTED for what is no known query."""
        ...


class QueryAnswerer(Protocol):
    """Answers the queries of one feed. What is asked is not stored: the audit trail keeps what was answered."""

    async def __call__(self, raw: bytes, peer: str) -> AnswerBody:
        """The answer, on record before this returns; `peer` is the address of the asker.

        Raises HubError UNSUPPORTED for a query nobody answers.
        """
        ...


class ImageArchive(Protocol):
    """One imaging archive, asked by DICOMweb (PS3.18)."""

    def fetch(
        self, path: str, query: Sequence[tuple[str, str]] = (), *, accept: str
    ) -> AbstractAsyncContextManager[Fetched]:
        """Ask for what is at a path below the archive's base; leaving the context ends the transfer.

        Raises HubError NOT_FOUND for what it does not have, UNSUPPORTED (code `not-acceptable`) for a media type it
        does not make, UNAVAILABLE (codes `archive-...`) when it is away, refuses the hub or answers something else;
        the iteration of the bytes raises UNAVAILABLE too.
        """
        ...


#: Takes up what changed of what pure code goes by. Raises HubError UNAVAILABLE.
Refresh = Callable[[], Awaitable[None]]


async def nothing_changes() -> None:
    """The `Refresh` of what never grows old."""


class Terms(Protocol):
    """Which codes are meant, by the code systems and value sets in force. Nothing of it is about a patient.

    Every method raises HubError UNAVAILABLE when the database is away.
    """

    async def members(self, value_set: str | Json, most: int) -> Collection[tuple[str, str]]:
        """All codes of a value set, as (system, code): one in force by `url` or `url|version`, or a resource.

        Raises HubError UNSUPPORTED (code `not-expandable`) for one that is not there or not all of whose codes are
        known, TOO_LARGE beyond `most`.
        """
        ...

    async def kinds(self, system: str, code: str, *, up: bool, most: int) -> Collection[str]:
        """A code with all its kinds, or (`up`) with all it is a kind of; nothing for a code the system has not.

        Raises HubError UNSUPPORTED (code `not-expandable`) where not all of its hierarchy is known, TOO_LARGE.
        """
        ...

    async def defining(self, codes: Collection[str] | None) -> Collection[str]:
        """Ids of the CodeSystems that have one of these codes, or (None) any code, in any version and at any level:
        as resources they may stand without their concepts.
        """
        ...


class Names(Protocol):
    """Names of codes, by the code systems in force. Raises HubError UNAVAILABLE when the database is away."""

    async def displays(self, codes: Collection[tuple[str, str]], language: str) -> Mapping[tuple[str, str], str]:
        """Names of codes in a language (BCP 47), of those that have one in it."""
        ...


class CodeSuggester(Protocol):
    """Suggests what local codes may mean. Raises HubError UNAVAILABLE when the database is away."""

    async def suggest(self, local: UnmappedCode, most: int) -> Sequence[CodeSuggestion]:
        """At most so many meanings, the likeliest first."""
        ...


class ValueSets(Protocol):
    """Value sets for what is pure, in memory: between two `refresh` of its owner a set stays as it is."""

    def __call__(self, url: str, /) -> Mapping[str, Container[str]] | None:
        """Code system -> codes; None for a set that is not there or not all of whose codes are known."""
        ...


class CodeMaps(Protocol):
    """Concept maps for what is pure, in memory: between two `refresh` a map stays as it is.

    `revision` is another number after a `refresh` that changed anything.
    """

    @property
    def revision(self) -> int: ...

    def want(self, url: str) -> None:
        """Let the map named by `url` or `url|version` be there from the next `refresh` on, as soon as it is loaded."""
        ...

    def targets(self, url: str, code: str, source: str = "") -> tuple[Coded, ...]:
        """What a code is by a map: targets that say no more than it does. () where the map does not tell.

        `source`: only by its groups of this source; "": by any.
        """
        ...

    async def refresh(self) -> None:
        """Take up what is in force now. Raises HubError UNAVAILABLE."""
        ...


class WorklistFormat(Protocol):
    """How the modality worklist is asked and told, in the JSON of DICOM. Pure."""

    def search(self, identifier: Mapping[str, Any], now: datetime) -> list[tuple[str, str]]:
        """The search for ServiceRequests that may be on the list."""
        ...

    def answer(
        self, identifier: Mapping[str, Any], station: str, orders: Iterable[Json], patients: Mapping[str, Json]
    ) -> list[Json]:
        """The entries that match. Raises HubError INVALID for a key that cannot be matched."""
        ...


class WorklistAnswerer(Protocol):
    """The modality worklist of one feed."""

    async def __call__(self, identifier: Mapping[str, Any], station: str, peer: str) -> Sequence[Json]:
        """The entries that match, on record before this returns; `station` is the asker's AE title, `peer` its address.

        Raises HubError INVALID for a key that cannot be matched, UNAVAILABLE.
        """
        ...
