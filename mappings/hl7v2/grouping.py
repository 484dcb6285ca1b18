"""Segments grouped as the message structures mean them, whatever the sender leaves out.

A note belongs to the segment before it; who takes part (ROL, PRT) and the rest of an insurance (IN2, IN3) to what they
follow in the message structures: patient, visit, procedure, insurance, order, observation. An order begins with ORC, or
with OBR where there is no ORC, or one of the same number behind it (in OUL any that names no other). A PV2 without PV1
is of a visit of which nothing else is said. An OBX belongs to the document or the order that is open, else to the
patient; behind a specimen it is about the specimen too.
"""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.groups import Document, Groups, Noted, Order, PatientGroup, Specimen, Visit
from mappings.hl7v2.parser import Message, Segment

#: Specimens come before the orders made on them (OUL R22 and R23, OML O33 and O35 with their answers).
_SPECIMEN_FIRST: Final = frozenset({"R22", "R23", "O33", "O34", "O35", "O36"})
#: Orders of results that begin with OBR, behind which ORC stands (OUL, v2.5.1, 7.3.8 to 7.3.10).
_ORC_BEHIND: Final = frozenset({"R22", "R23", "R24"})
#: Specimens one order may be made on; a message of more is not what its sender means.
_MOST_SPECIMENS: Final = 64
#: Segments about the message itself, not about anybody.
_EXCHANGE: Final = frozenset({"MSH", "SFT", "UAC", "MSA", "ERR", "EVN"})
_BOOKED: Final = frozenset({"AIS", "AIG", "AIL", "AIP"})
#: Segments that say more of the one they follow, and those among the others of a patient that they may follow.
_PARTS: Final = frozenset({"ROL", "PRT", "IN2", "IN3", "ARV"})
_WITH_PARTS: Final = frozenset({"PR1", "IN1"})
#: Segments that are the patient's also where an order is open.
_OF_PATIENT: Final = frozenset({"DG1", "AL1", "NK1", "IAM", "PR1", "IN1", "GT1"})
#: Segments of an order that have no notes: those behind them are of what they belong to (v2.5.1 chapters 4 and 7).
_WITHOUT_NOTES: Final = frozenset({"RXR", "TQ1", "TQ2", "CTD", "BLG"})
#: Segments of a care plan (PPR, PGL, PPG), which no order contains.
_CARE: Final = frozenset({"PRB", "GOL", "PTH"})
#: Events whose RXA are each a vaccination of its own, with ORC or without (VXU, and the answers to its queries).
_VACCINATIONS: Final = frozenset({"V03", "V04"})


def group(message: Message, event: str) -> Groups:
    """Group the segments of a message; those it does not know stay with the patient."""
    grouper = _Grouper(event)
    for segment in message.segments:
        grouper.add(segment)
    grouper.close()
    return grouper.groups


def _is_behind(orc: Segment, order: Order, *, by_structure: bool) -> bool:
    """Whether an ORC is that of the OBR before it: some senders write it there. They share a number.

    `by_structure`: its place is behind OBR, so that it is unless it has another number.
    """
    if order.obr is None or order.orc is not None or order.others or order.observations:
        return False
    told = [(orc.get(n), order.obr.segment.get(n)) for n in (2, 3)]
    if any(one and one == other for one, other in told):
        return True
    return by_structure and not any(one and other for one, other in told)


class _Grouper:
    def __init__(self, event: str) -> None:
        self.groups = Groups()
        self.specimen_first = event in _SPECIMEN_FIRST
        self.orc_behind = event in _ORC_BEHIND
        self.vaccinations = event in _VACCINATIONS
        self.patient: PatientGroup | None = None
        self.order: Order | None = None
        self.document: Document | None = None
        self.specimen: Specimen | None = None
        self.waiting: list[Specimen] = []
        self.taken = False
        self.noted: Noted | Visit | None = None
        self.mrg: Segment | None = None
        self.parts: list[Segment] | None = None
        self.orders = 0

    def add(self, segment: Segment) -> None:
        add = self._ADD.get(segment.name)
        if add is not None:
            add(self, segment)
        elif segment.name in _PARTS and self.parts is not None:
            self.parts.append(segment)
        elif segment.name in _BOOKED:
            self.noted = Noted(segment)
            self.groups.booked.append(self.noted)
        elif segment.name not in _EXCHANGE:
            self._other(segment)

    def _current(self) -> PatientGroup:
        if self.patient is None:
            self.patient = PatientGroup()
            self.groups.patients.append(self.patient)
        return self.patient

    def close(self) -> None:
        """End what is open; specimens that no order followed are an order of which nothing else is known."""
        if self.waiting and not self.taken:
            self._new_order()
        self.order, self.document, self.specimen, self.waiting, self.taken = None, None, None, [], False

    def _pid(self, segment: Segment) -> None:
        self.close()
        if self.patient is None or self.patient.pid is not None:
            self.patient = PatientGroup()
            self.groups.patients.append(self.patient)
        self.patient.pid, self.mrg = self._open(Noted(segment)), None

    def _open(self, noted: Noted) -> Noted:
        """Let the notes and parts that follow belong to it."""
        self.noted, self.parts = noted, noted.parts
        return noted

    def _pv1(self, segment: Segment) -> None:
        visit = Visit(segment, mrg=self.mrg)
        self._current().visits.append(visit)
        self.noted, self.parts, self.mrg = visit, visit.parts, None

    def _pv2(self, segment: Segment) -> None:
        visits = self._current().visits
        if not visits or visits[-1].pv2 is not None:
            visits.append(Visit(Segment("PV1", "PV1", segment.position, segment.ordinal, segment.separators)))
        visits[-1].pv2 = segment
        self.noted = visits[-1]

    def _orc(self, segment: Segment) -> None:
        order = self.order
        if order is None or not _is_behind(segment, order, by_structure=self.orc_behind):
            order = self._new_order()
        order.orc = self._open(Noted(segment))

    def _obr(self, segment: Segment) -> None:
        order = self.order
        if order is None or order.obr is not None or order.observations:
            order = self._new_order()
        order.obr = self._open(Noted(segment))

    def _new_order(self) -> Order:
        self.orders += 1
        self.order = Order(self.orders, specimens=list(self.waiting))
        self.document, self.specimen, self.taken = None, None, True
        self._current().orders.append(self.order)
        return self.order

    def _spm(self, segment: Segment) -> None:
        if (self.specimen_first and self.order is not None) or len(self.waiting) >= _MOST_SPECIMENS:
            self.close()
        self.specimen = Specimen(segment)
        self._open(self.specimen)
        if self.order is None:
            self._current()
            self.waiting.append(self.specimen)
        else:
            self.order.specimens.append(self.specimen)

    def _sac(self, segment: Segment) -> None:
        specimen = self.specimen or (self.waiting[-1] if self.waiting else None)
        if specimen is None:
            self._other(segment)
        else:
            specimen.containers.append(segment)

    def _rxa(self, segment: Segment) -> None:
        if self.order is None or (self.vaccinations and self.order.all("RXA")):
            self._new_order()
        self._other(segment)

    def _txa(self, segment: Segment) -> None:
        order = self.order
        self.close()
        self.document = Document(self._open(Noted(segment)), order)
        self._current().documents.append(self.document)

    def _obx(self, segment: Segment) -> None:
        noted = self._open(Noted(segment))
        if self.document is not None:
            self.document.contents.append(noted)
        elif self.specimen is not None:
            self.specimen.observations.append(noted)
        elif self.order is not None:
            self.order.observations.append(noted)
        else:
            self._current().observations.append(noted)

    def _nte(self, segment: Segment) -> None:
        if self.noted is not None:
            self.noted.notes.append(segment)

    def _sch(self, segment: Segment) -> None:
        self.noted = self.groups.schedule = self.groups.schedule or Noted(segment)

    def _tq1(self, segment: Segment) -> None:
        """Behind SCH it is the timing of the appointment, whose notes may follow it."""
        if self.groups.schedule is not None and self.order is None:
            self.groups.schedule.parts.append(segment)
        else:
            self._other(segment)

    def _other(self, segment: Segment) -> None:
        noted = Noted(segment)
        if self.order is None or segment.name not in _WITHOUT_NOTES:
            self.noted = noted
        if segment.name in _WITH_PARTS:
            self.parts = noted.parts
        elif segment.name == "MRG":
            self.mrg = segment
        elif segment.name in _CARE:
            self.close()
        if self.order is None or segment.name in _OF_PATIENT:
            self._current().others.append(noted)
            if self.order is not None and segment.name == "DG1":
                self.order.diagnoses.append(segment)
        else:
            self.order.others.append(noted)

    _ADD: Final = {
        "PID": _pid,
        "PV1": _pv1,
        "PV2": _pv2,
        "ORC": _orc,
        "OBR": _obr,
        "SPM": _spm,
        "SAC": _sac,
        "RXA": _rxa,
        "TXA": _txa,
        "OBX": _obx,
        "NTE": _nte,
        "SCH": _sch,
        "ARQ": _sch,
        "TQ1": _tq1,
    }
