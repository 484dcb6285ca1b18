"""What a message says, segment by segment, of its patients, visits, orders, specimens, documents and appointment."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from mappings.hl7v2.parser import Segment


class Noted(Struct):
    """A segment with its notes, and with the segments that say more of it (ROL, PRT, IN2, IN3 and the like)."""

    segment: Segment
    notes: list[Segment] = field(default_factory=list)
    parts: list[Segment] = field(default_factory=list)


class Specimen(Noted):
    """An SPM, its containers (SAC) and the observations that stand behind it."""

    observations: list[Noted] = field(default_factory=list)
    containers: list[Segment] = field(default_factory=list)


class Order(Struct):
    """ORC and OBR of one order, its observations and specimens; `number` counts the orders of the message from 1.

    `others` are segments like TQ1, RXO and RXA; `diagnoses` are the DG1 that say why, which the patient has too.
    """

    number: int
    orc: Noted | None = None
    obr: Noted | None = None
    others: list[Noted] = field(default_factory=list)
    diagnoses: list[Segment] = field(default_factory=list)
    observations: list[Noted] = field(default_factory=list)
    specimens: list[Specimen] = field(default_factory=list)

    def segments(self) -> Iterator[Segment]:
        """ORC, OBR and the others."""
        for noted in (self.orc, self.obr, *self.others):
            if noted is not None:
                yield noted.segment

    def all(self, name: str) -> list[Noted]:
        """The others of that name, in order."""
        return [noted for noted in self.others if noted.segment.name == name]


class Document(Struct):
    """TXA with its content (OBX) and the order before it."""

    txa: Noted
    order: Order | None = None
    contents: list[Noted] = field(default_factory=list)


class Visit(Struct):
    """PV1 with its PV2, the MRG before it, notes, and who takes part in it."""

    pv1: Segment
    pv2: Segment | None = None
    mrg: Segment | None = None
    notes: list[Segment] = field(default_factory=list)
    parts: list[Segment] = field(default_factory=list)


class PatientGroup(Struct):
    """All that is said of one patient (`pid` None: of nobody named). `others` are segments like NK1, AL1 and DG1."""

    pid: Noted | None = None
    visits: list[Visit] = field(default_factory=list)
    others: list[Noted] = field(default_factory=list)
    observations: list[Noted] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)

    @property
    def is_examined(self) -> bool:
        """Whether orders, results or documents are hers."""
        return bool(self.orders or self.observations or self.documents)


class Groups(Struct):
    """A message: its patients, and its appointment (SCH, TQ1) with the resources booked (AIS, AIG, AIL, AIP)."""

    patients: list[PatientGroup] = field(default_factory=list)
    schedule: Noted | None = None
    booked: list[Noted] = field(default_factory=list)
