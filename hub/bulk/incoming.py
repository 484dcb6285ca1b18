"""From a line of an import to what is asked of the records door. Pure.

The ids of a source mean nothing here, and may be somebody else's: each becomes one of the facility's own id space, the
same for the same source, and references follow. So an import that is done twice, or was broken off, finds its own
resources again. An id that is of the facility's space already stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hub.fhir.references import parse_reference, rewrite
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import IdMaker
from hub.kernel.types import Json
from hub.records.operations import Update

#: `meta.source` of what an import wrote: this and the id of its job.
IMPORT_SOURCE: Final = "urn:yilian:import:"
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where lines come from: the facility, the name of the source (`inputSource`), the job."""

    facility: str
    source: str
    job: str


def operation_of(parsed: Any, rtype: str, origin: Origin, ids: IdMaker) -> Update:
    """What a parsed line asks for. Raises HubError INVALID for a line that is no resource of `rtype` with an id."""
    if not isinstance(parsed, dict) or parsed.get("resourceType") != rtype:
        raise _refused("is not a resource of the type the input names", "resourceType")
    rid = parsed.get("id")
    if not isinstance(rid, str) or not _ID.fullmatch(rid):
        raise _refused("has no id", "id")
    meta = parsed.get("meta")
    resource: Json = {
        **parsed,
        "id": _renamed(rtype, rid, origin, ids),
        "meta": {**(meta if isinstance(meta, dict) else {}), "source": IMPORT_SOURCE + origin.job},
    }
    rewrite(resource, _references(origin, ids))
    return Update(type=rtype, id=resource["id"], resource=resource)


def _references(origin: Origin, ids: IdMaker) -> Callable[[str], str | None]:
    def mapped(text: str) -> str | None:
        target = parse_reference(text)
        if target is not None:
            return f"{target.type}/{_renamed(target.type, target.id, origin, ids)}"
        if "?" in text and not text.startswith(("http://", "https://", "urn:")):
            raise _refused("refers to something by a search, which an import does not look for", "reference")
        return None

    return mapped


def _renamed(rtype: str, rid: str, origin: Origin, ids: IdMaker) -> str:
    """Organizations of the consortium have their codes as ids, so those stay too."""
    own = f"{origin.facility}-"
    if rid.startswith(own) or (rtype == "Organization" and rid == origin.facility):
        return rid
    return own + ids(origin.facility, rtype, f"import:{origin.source}", rid)


def _refused(what: str, where: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo="correct the line")
