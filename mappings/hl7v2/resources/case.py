"""One order with whom it is about, and by which number it is known."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.groups import Order
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment

#: Segments of an order: another order's do not stand in for those it lacks.
_OWN: Final = ("ORC", "OBR", "TQ1", "TQ2", "RXO", "RXE", "RXD", "RXG", "RXA", "RXR")


class Case(Struct, frozen=True):
    """One order of a patient. `authority` and `key` are what its results are known by; `nth` tells repeats apart."""

    order: Order
    patient: Building | None
    visit: Building | None
    authority: str
    key: str
    nth: str = ""

    @property
    def orc(self) -> Segment | None:
        return self.order.orc.segment if self.order.orc else None

    @property
    def obr(self) -> Segment | None:
        return self.order.obr.segment if self.order.obr else None

    @property
    def owner(self) -> str | None:
        return self.patient.patient if self.patient else None

    @property
    def service(self) -> str:
        """Code of what was ordered: orders that share one number differ in it, else in how often it was ordered."""
        return coded(self.obr, 4) + self.nth

    def refer(self, resource: Json, patient: str = "subject", visit: str = "encounter") -> None:
        """Let a resource say whom it is about."""
        if self.patient is not None:
            resource[patient] = self.patient.reference
        if self.visit is not None:
            resource[visit] = self.visit.reference


def case(order: Order, patient: Building | None, visit: Building | None, context: Context) -> Case:
    """The case of an order, whose segments now stand beside each other."""
    context.stand_beside(order.segments(), _OWN)
    return _counted(Case(order, patient, visit, *_identity(order, context)), context)


def _counted(each: Case, context: Context) -> Case:
    """The case; a further one of the same number and service in one message is told apart by how many there were.

    Senders number a request and not its parts: what they send as two reports must not become one.
    """
    if each.obr is None:
        return each
    identity = f"{each.authority}|{each.key}|{each.service}"
    nth = context.repeats[identity] = context.repeats.get(identity, 0) + 1
    return each if nth == 1 else replace(each, nth=f"|{nth}")


def coded(segment: Segment | None, n: int) -> str:
    """What tells one coded value from another: its code, else its other code, else its text."""
    return field(segment, n) or field(segment, n, 4) or field(segment, n, 2)


def _identity(order: Order, context: Context) -> tuple[str, str]:
    """Authority and number: the filler's, else the placer's, OBR before ORC; else the message and the place in it."""
    obr = order.obr.segment if order.obr else None
    orc = order.orc.segment if order.orc else None
    for segment, n in ((obr, 3), (orc, 3), (obr, 2), (orc, 2)):
        if field(segment, n):
            return numbered(segment, n, "filler" if n == 3 else "placer")
    return "message", f"{context.control}|{context.time}|{order.number}"


def numbered(segment: Segment | None, n: int, role: str) -> tuple[str, str]:
    """Authority and number of an EI, as resources are known by it."""
    return f"{role}|{field(segment, n, 3) or field(segment, n, 2)}", field(segment, n)


def placed(each: Case) -> tuple[str, str]:
    """A request is known by the placer's number, which order and result share; else as the order is."""
    for segment in (each.orc, each.obr):
        if field(segment, 2):
            return numbered(segment, 2, "placer")
    return each.authority, each.key
