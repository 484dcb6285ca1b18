"""The messages of outbound feeds: which segments of which structure, in the order the standard wants (v2.5.1).

MSH-10 is made from all the rest of the message, so one id never names two contents: a message that is sent again is
the same bytes, and one that says something else is another message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.ports import ControlMaker, MessageWriter
from hub.kernel.types import Json, Outgoing, Written
from mappings.hl7v2.outbound import segments
from mappings.hl7v2.outbound.datatypes import Speech
from mappings.hl7v2.outbound.style import Style

#: Statuses of a report, and of a result, that say it counts no more.
_TAKEN_BACK: Final = frozenset({"entered-in-error", "cancelled"})

#: The body of a message, segment by segment, behind the header.
Body = Callable[[Outgoing, Speech], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Structure:
    """One kind of message: name of its structure (MSH-9.3), and its body."""

    name: str
    body: Body


def writer(style: Style) -> MessageWriter:
    """The writer of one feed.

    What it returns raises HubError UNSUPPORTED for a kind nobody knows or a value HL7 v2 has no type for, INVALID for
    a character the receiver's set has not, and for a message that has nobody to be about.
    """

    def write(outgoing: Outgoing, control: ControlMaker) -> Written:
        structure = STRUCTURES.get(outgoing.kind)
        if structure is None:
            raise HubError(Category.UNSUPPORTED, "is no message the hub writes", where="MSH-9", code="event")
        body = [line for line in structure.body(outgoing, Speech(style=style, resources=outgoing.others)) if line]
        nameless = _joined(segments.header(outgoing.kind, structure.name, outgoing.happened, "", style), body)
        number = control(style.encoded(nameless))
        told = segments.header(outgoing.kind, structure.name, outgoing.happened, number, style)
        return Written(raw=style.encoded(_joined(told, body)), control=number)

    return write


def _joined(header: str, body: list[str]) -> str:
    return "".join(segment + "\r" for segment in [header, *body])


def _pid(outgoing: Outgoing, speech: Speech) -> str:
    about = outgoing.about or next(iter(outgoing.own), None)
    if about is None:
        raise HubError(Category.INVALID, "is about nobody the receiver may know", where="PID-3", code="nobody")
    return segments.patient(about, outgoing.own, speech)


def _named(outgoing: Outgoing, reference: Any) -> Json | None:
    return outgoing.others.get(str((reference or {}).get("reference", "")))


def _result(outgoing: Outgoing, speech: Speech) -> Iterator[str]:
    report = outgoing.focus
    asked = (_named(outgoing, one) for one in report.get("basedOn", ()))
    encounter = _named(outgoing, report.get("encounter"))
    yield _pid(outgoing, speech)
    if encounter is not None:
        yield segments.visit(encounter, speech)
    yield from segments.order(report, next(filter(None, asked), None), speech)
    yield from _observations(outgoing, report, speech)


def _observations(outgoing: Outgoing, report: Json, speech: Speech) -> Iterator[str]:
    """Results in their order, members of a panel behind it; those that were not let out are not told of."""
    number, left = 1, list(report.get("result", ()))
    seen: set[str] = set()
    while left:
        reference = left.pop(0)
        found = _named(outgoing, reference)
        if found is None or reference["reference"] in seen:
            continue
        seen.add(reference["reference"])
        for line in segments.observation(_standing(found, report), number, speech):
            number += line.startswith("OBX")
            yield line
        left = [*found.get("hasMember", ()), *left]


def _standing(result: Json, report: Json) -> Json:
    """A result as its report lets it stand: nothing of a report that was taken back may be relied on."""
    return result | {"status": report["status"]} if report.get("status") in _TAKEN_BACK else result


def _document(outgoing: Outgoing, speech: Speech) -> Iterator[str]:
    visits = outgoing.focus.get("context", {}).get("encounter", ())
    encounter = next(filter(None, (_named(outgoing, one) for one in visits)), None)
    yield segments.event(outgoing.happened, speech.style)
    yield _pid(outgoing, speech)
    yield segments.visit(encounter, speech)
    yield from segments.document(outgoing.focus, speech)


def _referral(outgoing: Outgoing, speech: Speech) -> Iterator[str]:
    request = outgoing.focus
    yield from segments.referral(request, speech)
    yield _pid(outgoing, speech)
    yield from segments.notes(request.get("note", ()), speech.style)


def _update(outgoing: Outgoing, speech: Speech) -> Iterator[str]:
    yield segments.event(outgoing.happened, speech.style)
    yield _pid(outgoing, speech)
    yield segments.visit(None, speech)


def _merge(outgoing: Outgoing, speech: Speech) -> Iterator[str]:
    """A40: the number that stands now in PID-3, the one it replaces in MRG-1."""
    loser = outgoing.focus
    links = (one.get("other", {}) for one in loser.get("link", ()) if one.get("type") == "replaced-by")
    survivor = next(filter(None, (_named(outgoing, other) for other in links)), None)
    gone = segments.merged(loser, survivor, speech) if survivor is not None else ""
    if survivor is None or not gone:
        raise HubError(Category.INVALID, "no number takes the place of another", where="MRG-1", code="no-merge")
    yield segments.event(outgoing.happened, speech.style)
    yield segments.patient(survivor, outgoing.own, speech)
    yield gone


#: By type and event.
STRUCTURES: Final[Mapping[str, Structure]] = {
    "ORU^R01": Structure("ORU_R01", _result),
    "MDM^T02": Structure("MDM_T02", _document),
    "MDM^T11": Structure("MDM_T01", _document),
    "REF^I12": Structure("REF_I12", _referral),
    "ADT^A31": Structure("ADT_A05", _update),
    "ADT^A40": Structure("ADT_A39", _merge),
}
