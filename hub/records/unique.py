"""Documents known by a uniqueId: their bytes stay what they are, and their labels are only added to. Pure.

By ITI TF-3, Table 4.2.4.1-2 (XDSNonIdenticalHash): a uniqueId that is registered already comes again with another hash.
"""

from __future__ import annotations

from consent.labelling import with_labels
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json


def refuse_other_bytes(new: Json, stored: Json) -> None:
    """Raise HubError CONFLICT (`XDSNonIdenticalHash`) if `new` has not the bytes that `stored` has."""
    held = _hashes(stored)
    if held and held != _hashes(new):
        raise HubError(
            Category.CONFLICT,
            "another document has this uniqueId",
            where=f"{new['resourceType']}.masterIdentifier",
            todo="give the document a uniqueId of its own, and let it replace the other if it shall",
            code="XDSNonIdenticalHash",
        )


def with_labels_of(stored: Json, resource: Json) -> Json:
    """`resource` with the security labels of `stored` beside its own: lowering is no sender's."""
    labels = stored.get("meta", {}).get("security", ())
    return with_labels(resource, (f"{one.get('system', '')}|{one.get('code', '')}" for one in labels))


def _hashes(document: Json) -> set[str]:
    """Of the bytes it holds; what is kept elsewhere has none."""
    attachments = (content.get("attachment", {}) for content in document.get("content", ()))
    return {str(one.get("hash", "")) for one in attachments if one.get("data")}
