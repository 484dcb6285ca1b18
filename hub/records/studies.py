"""A study that its archive withdrew takes along what its objects stated: measurements, reports, documents. Reads only.

Its archive says that it is gone and can say nothing of them; what a message told under it is known by the study it
refers to, and by its UID of DICOM. Reports of other systems stay as they are, and so does all of a study that was only
deleted because it is old (profile: `gone`). A study that comes back states everything anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.types import Draft, Json
from hub.records.heads import Incoming, Ref
from hub.records.provenance import is_of_message
from hub.records.series import without
from hub.store.store import Store

_WITHDRAWN: Final = "entered-in-error"
_DICOM: Final = "urn:dicom:uid"


async def with_what_they_said(store: Store, tx: Tx, batch: Sequence[Incoming]) -> list[Incoming]:
    """The batch; a message that withdraws a study withdraws what its objects stated too, as far as it is stored."""
    return [await _with(store, tx, each) if withdraws(each) else each for each in batch]


def withdraws(incoming: Incoming) -> bool:
    """Whether a message withdraws a study."""
    return any(_withdrawing(incoming))


def _withdrawing(incoming: Incoming) -> Iterator[Draft]:
    for draft in incoming.translation.drafts:
        if draft.whole and draft.only_stored and draft.resource.get("status") == _WITHDRAWN:
            yield draft


async def _with(store: Store, tx: Tx, incoming: Incoming) -> Incoming:
    more = [each for draft in _withdrawing(incoming) for each in await _stated(store, tx, draft)]
    translation = incoming.translation
    return replace(incoming, translation=replace(translation, drafts=(*translation.drafts, *more)))


async def _stated(store: Store, tx: Tx, draft: Draft) -> list[Draft]:
    """What the objects of a study stated, entered in error; nothing while another archive has the study."""
    study = Ref("ImagingStudy", draft.resource["id"])
    stored = (await store.load(tx, [study])).get(study)
    if stored is None or stored.deleted or stored.patient is None:
        return []
    if without(loads(stored.body).get("series", []), {draft.whole}):
        return []
    about = sorted(await store.referring(tx, stored.patient, [study]))
    found = (loads(version.body) for version in (await store.load(tx, about)).values() if not version.deleted)
    return [_void(each, stored.patient) for each in found if _is_of_an_object(each, f"ImagingStudy/{study.id}")]


def _void(resource: Json, patient: str) -> Draft:
    return Draft(
        resource={**resource, "status": _WITHDRAWN},
        authority=_DICOM,
        key=resource["id"],
        patient=patient,
        merge="replace",
        only_stored=True,
    )


def _is_of_an_object(resource: Json, study: str) -> bool:
    """Whether a message told of it as a part of an object of the study."""
    if not is_of_message(resource):
        return False
    if resource["resourceType"] == "Observation":
        return {"reference": study} in resource.get("derivedFrom", ())
    numbers = [*resource.get("identifier", ()), resource.get("masterIdentifier", {})]
    return resource["resourceType"] in {"DiagnosticReport", "DocumentReference"} and any(
        each.get("system") == _DICOM for each in numbers
    )
