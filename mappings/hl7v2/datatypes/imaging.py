"""What orders of images say of the study they will become (IPC-3, ZDS-1)."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.coding_systems import OID
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition


def study_uid(rep: Repetition, context: Context) -> Json | None:
    """The Study Instance UID in the first component of an EI or RP, as R4 writes it (imagingstudy.html)."""
    uid = leaf(rep, 1)
    if not OID.match(uid):
        context.note("refused", "no UID of a study")
        return None
    return {"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}


DATATYPES: Final[dict[str, Datatype]] = {"study-uid": plain(study_uid, {"1": "value"})}
