"""The state of translating one message: where the engine stands, its drafts and issues. The engine passes it on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from hub.fhir.long_drafts import LongDrafts, packed_drafts
from hub.fhir.packed import Packed
from hub.kernel.types import Draft, Issue, Json, UnmappedCode
from mappings.hl7v2.absent import DATA_ABSENT
from mappings.hl7v2.building import Building
from mappings.hl7v2.habits import DEFAULT_ZONE, Habits
from mappings.hl7v2.parser import Message, Segment
from mappings.hl7v2.paths import LongLists, Primitive
from mappings.hl7v2.place import position
from mappings.hl7v2.repeated import Outcome
from mappings.hl7v2.trace import Mapped, Trace


class Context:
    """One message under translation. `segment`, `field` and `rep` say where the engine stands.

    `kind` and `event` are MSH-9.1 and MSH-9.2, `control` MSH-10, `time` MSH-7, `sent` the same as an instant ("" if it
    is none); `dated` says whether anything asked for those three. `repeats` counts observations alike.
    `filled` lists which resource a segment (by position) filled, if the profile has rows that need to know. `unmapped`
    are the local codes nobody could map, `blocked` the place of the first whose field the profile blocks.
    `known` is what the sender's fields are known to mean, `stretches` those of several fields together; `said` is how
    often something was said or asked that not the fields of one segment tell (issues, elements cleared or refused,
    another segment, number, time and zone of the message), `noted` how often something was noted; `met` are the drafts
    that were asked for again.
    `owner` is the patient spoken of, `became` the resource a segment became, by its position; `shared` are the elements
    that a long message says again and again, `long_lists` those that are searched by a set. `lets_go`: its results need
    not stay in memory.
    """

    __slots__ = (
        "_away",
        "_beside",
        "_by_id",
        "_control",
        "_sent",
        "_time",
        "_zone",
        "became",
        "blocked",
        "dated",
        "drafts",
        "event",
        "field",
        "filled",
        "habits",
        "issues",
        "kind",
        "known",
        "lets_go",
        "long_lists",
        "message",
        "met",
        "noted",
        "owner",
        "rep",
        "repeats",
        "said",
        "segment",
        "shared",
        "stretches",
        "trace",
        "unmapped",
    )

    def __init__(self, message: Message, habits: Habits, trace: Trace | None) -> None:
        self.message = message
        self.habits = habits
        self.trace = trace
        self.known = habits.repeated.known(message.separators, habits.maps.revision, reported=trace is not None)
        self.stretches = habits.repeated.stretches
        self.said = 0
        self.noted = 0
        self.issues: list[Issue] = []
        self.drafts: dict[tuple[str, str, str], Building] = {}
        self.kind = ""
        self.event = ""
        self.repeats: dict[str, int] = {}
        self.filled: list[tuple[int, Building]] = []
        self.unmapped: dict[UnmappedCode, None] = {}
        self.blocked = ""
        self._control = self._time = self._sent = ""
        self.dated = False
        self._zone = habits.profile.zone or DEFAULT_ZONE
        self.met: list[Building] = []
        self.segment: Segment = message.segments[0]
        self.field = 0
        self.rep = 1
        self.owner: Building | None = None
        self.became: dict[int, Building] = {}
        self.shared: dict[bytes, Any] = {}
        self._beside: dict[str, Segment | None] = {}
        self._by_id: dict[str, Building] = {}
        self.long_lists: LongLists = {}
        self.lets_go = False
        self._away: Packed[Draft] | None = None

    def head(self, control: str, time: str, sent: str, zone: str) -> None:
        """Say by which number and when the message was sent, and the offset of times that state none."""
        self._control, self._time, self._sent, self._zone = control, time, sent, zone

    @property
    def control(self) -> str:
        self.dated = True
        self.said += 1
        return self._control

    @property
    def time(self) -> str:
        self.dated = True
        self.said += 1
        return self._time

    @property
    def sent(self) -> str:
        self.dated = True
        self.said += 1
        return self._sent

    @property
    def zone(self) -> str:
        """The offset of times that state none."""
        self.said += 1
        return self._zone

    @property
    def at(self) -> str:
        """The field the engine stands at, as `PID-3`."""
        return f"{self.segment.name}-{self.field}"

    def blocks(self) -> bool:
        """Whether the profile blocks messages with local codes that nobody could map in the field it stands at."""
        return self.habits.profile.unmapped.get(self.at) == "block"

    def beside(self, name: str) -> Segment | None:
        """The segment of that name that goes with the one being mapped, else the first of the message."""
        if self.segment.name == name:
            return self.segment
        self.said += 1
        return self._beside[name] if name in self._beside else self.message.first(name)

    def stand_beside(self, segments: Iterable[Segment], names: Iterable[str] = ()) -> None:
        """Say which segments go with those mapped next, the first of a name; of `names` there are no others."""
        self._beside = dict.fromkeys(names)
        for segment in segments:
            self._beside[segment.name] = self._beside.get(segment.name) or segment

    def draft(self, rtype: str, authority: str, key: str, patient: str | None, **more: Any) -> Building:
        """The draft of the resource with that identity at this facility, made if the message has not named it yet."""
        identity = (rtype, authority, key)
        building = self.drafts.get(identity)
        if building is None:
            rid = self.id_of(*identity)
            building = Building({"resourceType": rtype, "id": rid}, authority, key, patient, **more)
            self.add(identity, building)
        else:
            self.met.append(building)
        return building

    def add(self, identity: tuple[str, str, str], building: Building) -> None:
        """Take a draft of that type, authority and key, which the message has not named yet."""
        self.drafts[identity] = building
        self._by_id[building.resource["id"]] = building

    def let_go(self, building: Building) -> None:
        """Pack a draft to which the rest of the message adds nothing; whoever refers to it has its reference."""
        resource = building.resource
        del self.drafts[resource["resourceType"], building.authority, building.key], self._by_id[resource["id"]]
        if self._away is None:
            self._away = packed_drafts()
        self._away.append(building.finished())

    def references(self) -> list[Json]:
        """References to all drafts."""
        gone = self._away or ()
        return [
            *(building.reference for building in self.drafts.values()),
            *({"reference": f"{draft.resource['resourceType']}/{draft.resource['id']}"} for draft in gone),
        ]

    def finished(self) -> Sequence[Draft]:
        """The drafts as they were named, those let go of last; what they were made with is let go of, as large."""
        buildings = list(reversed(self.drafts.values()))
        for made in (self.drafts, self._by_id, self.became, self.repeats, self.long_lists):
            made.clear()
        self.met.clear()
        self.filled.clear()
        named = tuple([buildings.pop().finished() for _ in range(len(buildings))])
        return named if self._away is None else LongDrafts(named, self._away)

    def id_of(self, rtype: str, authority: str, key: str) -> str:
        """The id of the resource with that identity at this facility."""
        return self.habits.ids(self.habits.facility, rtype, authority, key)

    def made(self, reference: Json | None) -> Building | None:
        """The draft a reference of this message points to, if it points to one."""
        if not reference or "reference" not in reference:
            return None
        found = self._by_id.get(reference["reference"].rpartition("/")[2])
        if found is not None:
            self.met.append(found)
        return found

    def discard(self, building: Building) -> None:
        """Take back a draft that turned out to say nothing."""
        self.drafts.pop((building.resource["resourceType"], building.authority, building.key), None)

    def took(self, segment: Segment, n: int, way: Mapped, rep: int = 0) -> None:
        """Record which way repetition `rep` of field `n` went (0: all of them)."""
        if self.trace is not None:
            self.trace.add(segment.position, n, rep, way)

    def settle(self, segment: Segment) -> None:
        """Keep what was recorded of a segment of a long message as small as it can be; more may be recorded."""
        if self.trace is not None:
            self.trace.settle(segment.position)

    def note(self, outcome: Outcome, reason: str, comp: int = 0) -> None:
        """Record what became of a component of the field the engine stands at, if it was not mapped."""
        if self.trace is not None:
            self.note_all(self.field, self.rep, {comp: (outcome, reason)})

    def note_all(self, n: int, rep: int, notes: Mapping[int, tuple[Outcome, str]]) -> None:
        """Record what became of components of a repetition of field `n` of the segment the engine stands at."""
        if self.trace is not None:
            self.noted += len(notes)
            self.trace.notes.setdefault((self.segment.position, n, rep), {}).update(notes)

    def refuse(self, segment: Segment, reason: str) -> None:
        """Record that a whole segment could not be mapped."""
        if self.trace is not None:
            self.trace.refused[segment.position] = reason

    def displaced(self) -> None:
        """Record that the element the repetition would have become holds another value; it is not carried there."""
        self.said += 1
        if self.trace is None:
            return
        at = (self.segment.position, self.field, self.rep)
        if not self.trace.went(*at):
            self.trace.notes.pop(at, None)
        self.note("refused", "the element holds another value already")

    def where(self, comp: int = 0) -> str:
        """Position of the field the engine stands at, as `PID-3[2].4` or `OBX[2]-5[1]`."""
        return position(self.message, self.segment, self.field, self.rep) + (f".{comp}" if comp else "")

    def issue(
        self, code: str, text: str, where: str = "", severity: Literal["error", "warning", "information"] = "warning"
    ) -> None:
        """Add an issue; `text` holds no value of the message."""
        self.said += 1
        self.issues.append(Issue(severity=severity, where=where or self.where(), code=code, text=text))

    def original(self, text: str) -> Json:
        """The extension that carries a source text which could not be mapped."""
        return {"url": self.habits.extension("hl7v2-original-text"), "valueString": text}

    def absent(self, text: str, reason: str, comp: int = 0, code: str = "error") -> Primitive:
        """An element that cannot be stated, with why (R4 data-absent-reason) and the text as it was sent."""
        self.issue(reason.replace(" ", "-"), f"{reason}; the text is kept beside the absent element", self.where(comp))
        self.note("carried", reason, comp)
        return Primitive(None, [{"url": DATA_ABSENT, "valueCode": code}, self.original(text)])
