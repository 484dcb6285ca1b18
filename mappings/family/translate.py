"""One record to drafts, and what a feed of records needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from hub.fhir.json import dumps, loads
from hub.kernel.errors import HubError
from hub.kernel.ids import IdMaker
from hub.kernel.ports import CodeMaps, Translator
from hub.kernel.types import Draft, Envelope, Json, Part, ReportRow, Translation
from mappings.devices.clock import instant
from mappings.family.batch import in_order
from mappings.family.contracts import contract
from mappings.family.measurements import measurement
from mappings.family.prescriptions import medicines_map, prescription
from mappings.family.records import PROBLEM, SCHEMAS, ZONE, Author, checked, patient
from mappings.family.referrals import referral
from mappings.forms.json_rows import cells

_KINDS: Final[Mapping[str, Callable[[Json, str, Author], list[Draft]]]] = {
    "contract": contract,
    "long-prescription": prescription,
    "measurement": measurement,
    "referral": referral,
}
#: Members that become no element of their own.
_REFUSED: Final = {"kind": "says what the record is", "key": "tells records apart", "recordedAt": "orders records"}


def translator(facility: str, ids: IdMaker, canonical_base: str, maps: CodeMaps) -> Translator:
    """The translator of one feed of records; `maps` gives its drug codes their national ones.

    It raises HubError UNREADABLE, INVALID or UNSUPPORTED.
    """
    maps.want(medicines_map(canonical_base, facility))
    author = Author(facility=facility, ids=ids, canonical_base=canonical_base, maps=maps)

    def translate(raw: bytes) -> Translation:
        record = checked(loads(raw))
        person = patient(record, author)
        made = _KINDS[record["kind"]](record, person.resource["id"], author)
        drafts = [author.dated(draft, record) for draft in made]
        return Translation(drafts=(person, *drafts), report=_report(record, drafts), event_time=_made(record))

    return translate


def _made(record: Json) -> datetime | None:
    stated = instant(record["recordedAt"], "text", ZONE)
    return stated.at if stated else None


def _report(record: Json, drafts: list[Draft]) -> tuple[ReportRow, ...]:
    """One row for each member; members nobody reads are named as such."""
    types = tuple(dict.fromkeys(draft.resource["resourceType"] for draft in drafts))
    known = _known(record["kind"])
    rows = []
    for name in cells(record):
        top = name.partition(".")[0].partition("[")[0]
        if top in _REFUSED:
            rows.append(ReportRow(source=name, outcome="refused", reason=_REFUSED[top]))
        elif top in known:
            rows.append(ReportRow(source=name, outcome="mapped", targets=("Patient",) if top == "patient" else types))
        else:
            rows.append(ReportRow(source=name, outcome="refused", reason="no member of this kind of record"))
    return tuple(rows)


def _known(kind: str) -> frozenset[str]:
    return frozenset(SCHEMAS[kind].schema["properties"])


def messages(raw: bytes, received: datetime | None = None) -> Iterator[tuple[str, bytes]]:
    """The records of a batch as messages, each once, in the order they were made; `received` is when it came.

    Raises HubError UNREADABLE or TOO_LARGE for what is no batch. A record that cannot be taken says so as a message.
    """
    for sent in in_order(raw, ZONE, received):
        problem = {PROBLEM: sent.problem.code} if sent.problem else {}
        yield f"record {sent.place + 1}", dumps({**sent.record, **problem})


def take_apart(raw: bytes) -> tuple[Part, ...]:
    """A record for people: a part for every member."""
    record = loads(raw)
    kind = record.get("kind", "") if isinstance(record, dict) else ""
    parts = (Part(at=name, text=text, field=text) for name, text in cells(record).items() if text)
    return (Part(at=str(kind) if kind in _KINDS else "record", parts=tuple(parts)),)


def read_envelope(raw: bytes) -> Envelope:
    """Identity (key and time: a correction is another message), kind, and who it is about."""
    try:
        record = checked(loads(raw))
    except HubError as error:
        return Envelope(problem=error)
    numbers = [str(record["patient"].get(name, "")).upper() for name in ("citizenId", "recordNumber", "healthCard")]
    return Envelope(
        identity=f"{record['key']}|{record['recordedAt']}", kind=record["kind"], lanes=tuple(filter(None, numbers))
    )
