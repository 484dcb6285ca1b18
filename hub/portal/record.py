"""What the gate releases of one person, read once for a page. The only place where the pages ask for a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.auth.actor import Actor
from hub.fhir.json import loads
from hub.gate.gate import Gate
from hub.gate.origin import Origin
from hub.gate.pages import CURSOR
from hub.gate.released import Released, ReleasedPage
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.portal.elements import code, objects, text
from hub.records.provenance import MESSAGE_SOURCE

#: Resources of one record that a page reads: a life's record of a county has some hundreds.
MOST: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One released resource; `organization` is the code of the facility that answers for it."""

    type: str
    id: str
    organization: str
    began: datetime | None
    ended: datetime | None
    resource: Json

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def message(self) -> str:
        """The number of the inbox message it came from; empty for what a client wrote."""
        source = text(self.resource.get("meta", {}), "source")
        return source.removeprefix(MESSAGE_SOURCE) if source.startswith(MESSAGE_SOURCE) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The released part of a record.

    `patient` heads it: the golden Patient where the person is addressed, else the source's own. `sources` are the
    Patients of the facilities, `items` what is about them, `others` by reference what those refer to (people, places).
    `cut` if there is more than was read.
    """

    person: str
    patient: Json
    sources: tuple[Item, ...]
    items: tuple[Item, ...]
    others: Mapping[str, Item]
    cut: bool


async def record_of(gate: Gate, actor: Actor, person: str, origin: Origin) -> Record:
    """The record of a person, or of one source patient when `person` is the id of one.

    Raises HubError NOT_FOUND for what is absent or denied, FORBIDDEN when nothing is permitted to somebody related.
    """
    matches: list[Item] = []
    others: dict[str, Item] = {}
    page: ReleasedPage | None = None
    while page is None or (page.next and len(matches) < MOST):
        params = [(CURSOR, page.next)] if page and page.next else []
        page = await gate.everything(actor, person, params, origin=origin)
        matches += _items(page.matches)
        others |= {item.reference: item for item in _items(page.included)}
    patients = [item for item in matches if item.type == "Patient"]
    sources = tuple(item for item in patients if not is_golden(item.resource))
    return Record(
        person=person,
        patient=await _head(gate, actor, person, patients, origin),
        sources=sources,
        items=tuple(item for item in matches if item.type != "Patient"),
        others=others,
        cut=page.next is not None,
    )


def is_golden(patient: Json) -> bool:
    """Whether a Patient is computed by the patient index."""
    return any(code(tag) == "golden" for tag in objects(patient.get("meta", {}), "tag"))


async def _head(gate: Gate, actor: Actor, person: str, patients: list[Item], origin: Origin) -> Json:
    found = next((item.resource for item in patients if item.id == person), None)
    if found is not None:
        return found
    try:
        released = await gate.read(actor, "Patient", person, origin=origin)
    except HubError as error:
        if error.category is not Category.NOT_FOUND:
            raise
        # What is permitted of the record may well leave out who the person is.
        return {"resourceType": "Patient", "id": person}
    patient: Json = loads(released.body)
    return patient


def _items(released: Iterable[Released]) -> list[Item]:
    return [
        Item(
            type=one.type,
            id=one.id,
            organization=one.organization,
            began=one.began,
            ended=one.ended,
            resource=loads(one.body),
        )
        for one in released
        if not one.deleted
    ]
