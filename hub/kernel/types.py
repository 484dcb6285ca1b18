"""The values that travel between packages. All frozen; instants are aware."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from msgspec import Struct, field

from hub.kernel.errors import HubError

Json = dict[str, Any]


class State(StrEnum):
    """Where a message stands. Every acknowledged message is in exactly one of these."""

    QUEUED = "queued"  #: waits for its lane
    DONE = "done"  #: became part of the record
    WARNINGS = "warnings"  #: done, and something in it deserves a look
    DEAD = "dead"  #: could not be processed; waits with its reason
    DUPLICATE = "duplicate"  #: same identity and same bytes as an earlier one
    CONFLICT = "conflict"  #: same identity as an earlier one, other bytes
    SUPERSEDED = "superseded"  #: replayed, but newer messages had settled all it says


class Envelope(Struct, frozen=True, kw_only=True):
    """What can be known of a message without translating it.

    `identity` is the message's own identity within its feed (HL7: MSH-10 and MSH-7). `lanes` are the values whose
    order must be kept (every identifier of PID-3 and MRG-1). `header` holds what an acknowledgement needs, as
    decoded text by field position ("MSH-3" ...). `problem` says why it cannot be read; then the rest may be empty.
    `revises`: the identity is that of a thing, and the message a state of it: only the bytes of its last state repeat.
    """

    identity: str = ""
    kind: str = ""
    lanes: tuple[str, ...] = ()
    charset: str = "utf-8"
    header: Mapping[str, str] = field(default_factory=dict)
    problem: HubError | None = None
    revises: bool = False


class Accession(Struct, frozen=True, kw_only=True):
    """An accession number, and who issued it as far as the message says: a local name, and an OID or the like."""

    number: str
    local: str = ""
    universal: str = ""


class Received(Struct, frozen=True, kw_only=True):
    """A message exactly as it came off the wire. `peer` is the address and certificate subject of the sender."""

    feed: str
    raw: bytes
    envelope: Envelope
    received_at: datetime
    peer: str = ""


class Accepted(Struct, frozen=True, kw_only=True):
    """The inbox's answer once a message is durable: its number and the state it was stored in."""

    message: int
    state: State


class Taken(Struct, frozen=True, kw_only=True):
    """What became of a file: its messages in order, what a person has to mend of it, as a file (b"" if nothing).

    `refusal`: why it could not be taken apart; then it is one message, a dead letter.
    """

    messages: tuple[Accepted, ...]
    to_mend: bytes = b""
    refusal: HubError | None = None


class Issue(Struct, frozen=True, kw_only=True):
    """Something to know about a translation. `where` is a source position (PID-3[2].4), never a value."""

    severity: Literal["fatal", "error", "warning", "information"]
    where: str
    code: str
    text: str

    def as_json(self) -> Json:
        return {"severity": self.severity, "where": self.where, "code": self.code, "text": self.text}


class ReportRow(Struct, frozen=True, kw_only=True):
    """What became of one non-empty source field: where it went, or why it was refused.

    `outcome`: `mapped` (targets name elements such as `Patient.birthDate`), `carried` (as an extension or as the
    original text; targets name where) or `refused` (reason says why).
    """

    source: str
    outcome: Literal["mapped", "carried", "refused"]
    targets: tuple[str, ...] = ()
    reason: str = ""

    def as_json(self) -> Json:
        return {
            "source": self.source,
            "outcome": self.outcome,
            "targets": list(self.targets),
            "reason": self.reason,
        }


class Draft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One resource as a message states it; the door in merges it with what is stored.

    `resource` is complete FHIR JSON with `id`; decimals are `decimal.Decimal` with their digits kept; references are
    `Type/id`. `authority` and `key` are what the id was made from. `patient` is the id of the source Patient it is
    about (None for Organization and the like).
    `merge="overlay"`: a top-level element it states replaces the stored one, one it does not state stays, those in
    `clears` ("" in HL7) are removed; `period` is laid over by its ends, and `period.end` clears one of them; an
    extension replaces those of its own url.
    `merge="replace"`: the resource is a snapshot.
    `defaults` are elements used only where nothing is stored (a status that an update must not reset). `only_stored`:
    nothing is made of it where nothing is stored, and without a `patient` it is about whom the stored one is about.
    `whole`: of an ImagingStudy, the Endpoint (reference) whose archive states all it has of the study, maybe nothing.
    `dated`: url of the extension of `meta` that says when a snapshot was recorded, for senders whose messages come in
    any order: what was recorded later stands.
    `unique`: a snapshot of a document that is known by a uniqueId: with other bytes than are stored it is refused, and
    the security labels that are stored stay.
    `formerly`: ids this resource had before its key was made as it is now: where one of them is stored and this one is
    not, that one is meant, from now on.
    `administration`: of a Patient, that the message is one of patient administration, and not about something else of
    the patient it names.
    """

    resource: Json
    authority: str
    key: str
    patient: str | None
    merge: Literal["overlay", "replace"] = "overlay"
    clears: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    dated: str = ""
    only_stored: bool = False
    unique: bool = False
    whole: str = ""
    formerly: tuple[str, ...] = ()
    administration: bool = False


class IdentityEvent(Struct, frozen=True, kw_only=True):
    """A statement of a facility about its own identifiers; `kind` is the event (HL7 A40), the ids are of type `type`.

    `effect`: merge: the source Patient `loser` is `survivor`, or (A37) is not after all; renumber (A47, A50): a number
    was corrected, and `survivor` is the id its new key gives to what was first given `loser`; absorb (A42): `loser`
    ended in `survivor`; move (A45): `resources` (`Type/id`) are about the Patient `survivor`, no longer about `loser`.
    """

    kind: str
    survivor: str
    loser: str
    detail: Mapping[str, str] = field(default_factory=dict)
    effect: Literal["merge", "renumber", "absorb", "move"] = "merge"
    type: str = "Patient"
    resources: tuple[str, ...] = ()

    @property
    def is_about_people(self) -> bool:
        """Whether it says who is who, which is for the patient index to hear."""
        return self.effect == "merge"


class Coded(NamedTuple):
    """A code of a code system, with its name if one is known."""

    system: str
    code: str
    display: str = ""


class CodeSuggestion(Struct, frozen=True, kw_only=True):
    """What a local code may mean, how likely (0 to 1), and why: a `map` has it, the `code` or the `name` is alike."""

    target: Coded
    score: float
    why: str


class UnmappedCode(Struct, frozen=True, kw_only=True):
    """A local code of a coded field (`OBX-3`) that no map knows. `system` and `display` are as sent, or "".

    It is no patient data: texts are short, and one that looks like a number of a person is left out.
    """

    field: str
    code: str
    system: str = ""
    display: str = ""


class Translation(Struct, frozen=True, kw_only=True):
    """What one message says, as drafts; plus what became of every field, and what deserves a look.

    `provenance`: members of the message's Provenance that it states itself (activity, reason, location, further agents
    and entities). `refusal`: why the message must be a dead letter although it could be translated.
    """

    drafts: Sequence[Draft] = ()
    identity_events: tuple[IdentityEvent, ...] = ()
    report: Sequence[ReportRow] = ()
    issues: tuple[Issue, ...] = ()
    event_time: datetime | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    unmapped: tuple[UnmappedCode, ...] = ()
    refusal: HubError | None = None


class Outgoing(Struct, frozen=True, kw_only=True):
    """What one outbound message is made of: resources as the gate let them out to the receiver.

    `kind` is its type and event (`ORU^R01`), `focus` what it tells of, `about` the source Patient that is about (None
    where it may not be seen), `own` the receiver's own Patients of the same person, `others` by reference (`Type/id`)
    what they name. `happened` is the time of the change, and of the message whenever it is sent.
    """

    kind: str
    focus: Json
    about: Json | None
    own: tuple[Json, ...]
    others: Mapping[str, Json]
    happened: datetime


class Written(Struct, frozen=True, kw_only=True):
    """An outbound message: its bytes, and the control id (MSH-10) that stands in them."""

    raw: bytes
    control: str


class Edition(Struct, frozen=True, kw_only=True):
    """What a feed's messages are converted by: the name of its profile, and a hash over all that decides the result."""

    profile: str
    digest: str


class Verdict(StrEnum):
    """What a receiver says to a message."""

    TAKEN = "taken"  #: AA, or CA where that is enough
    AGAIN = "again"  #: AE or CE: not now
    REFUSED = "refused"  #: AR or CR: never


class Reaction(Struct, frozen=True, kw_only=True):
    """The answer to one message: what it means, and its code (MSA-1). Its text may tell of patients and is not kept."""

    verdict: Verdict
    code: str


class Part(Struct, frozen=True, kw_only=True):
    """A part of a message for people: a segment, a repetition of a field, a component, a leaf.

    `at` is its position as in a conversion report (`PID-3[1].4`), `name` and `type` what the standard calls it. A leaf
    has `text`, and `field`, the raw text of the whole field it stands in; the others have `parts`.
    """

    at: str
    name: str = ""
    type: str = ""
    text: str = ""
    field: str = ""
    parts: tuple[Part, ...] = ()

    def as_json(self) -> Json:
        """Only what there is; `field` is left out, its leaves say it."""
        said = {"at": self.at, "name": self.name, "type": self.type, "text": self.text}
        found: Json = {name: text for name, text in said.items() if text}
        return found | ({"parts": [part.as_json() for part in self.parts]} if self.parts else {})


class PatientQuery(Struct, frozen=True, kw_only=True):
    """A question about patients: who fits a description (`find`), or which other numbers one has (`correspond`).

    `patient` describes; its first identifier is the number that is known. `domains` are the systems of the numbers that
    are wanted, none: all. At most `limit` answers are.
    """

    kind: Literal["find", "correspond"]
    patient: Json
    domains: tuple[str, ...]
    limit: int


class Candidate(Struct, frozen=True, kw_only=True):
    """One answer to a question about patients; `score` from 0 to 1, None where the question was about numbers."""

    patient: Json
    score: Decimal | None = None


class AnswerBody(Struct, frozen=True, kw_only=True):
    """An answer without its header: MSH-9 in `kind` (parts joined by `^`), segments behind MSA and ERR in `body`.

    `body` is in the character set of the question.
    """

    kind: str
    body: bytes
    error: HubError | None = None


class Fetched(Struct, frozen=True, kw_only=True):
    """What an imaging archive answers: its media type with parameters, its bytes as they come, and how many they are
    (None: nobody knows yet)."""

    media: str
    length: int | None
    chunks: AsyncIterator[bytes]
