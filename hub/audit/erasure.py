"""Erasing what could tell of a patient from entries, while the tree stays what was signed (crypto-shredding).

The leaf keeps the seals of what is gone. Without the salt, which goes too, nobody can find out what was sealed. Who
acted, when and in which role is kept: it is not about the patient.
"""

from __future__ import annotations

from typing import Final

from hub.audit.leaves import Leaf, leaf_of
from hub.audit.tables import entry_of
from hub.db.database import Tx
from hub.kernel.ids import reference_key

#: Stands in a row for what was erased.
ERASED: Final = "erased"
_OF: Final = """
SELECT l.index, l.salt, l.text, l.items, a.* FROM audit a JOIN audit_leaf l ON l.number = a.number
WHERE a.patient_keys @> ARRAY[$1::uuid] ORDER BY l.index FOR UPDATE
"""
_LEAF: Final = "UPDATE audit_leaf SET salt = NULL, text = $2, items = $3 WHERE index = $1"
_ROW: Final = """
UPDATE audit SET patients = array_replace(patients, $2, $3), patient_keys = array_replace(patient_keys, $4, $5),
    resource_id = NULL, version = NULL, query = NULL, bound_patient = NULL, consents = '{}', address = '',
    break_glass = CASE WHEN break_glass IS NOT NULL THEN $3 END, co_approval = NULL,
    requester = CASE WHEN requester LIKE 'Patient/%' OR requester LIKE 'RelatedPerson/%' THEN NULL ELSE requester END
WHERE number = $1
"""


async def erase(tx: Tx, patient: str) -> int:
    """Erase a source patient (resource id) from every entry that is a leaf; how many there were.

    What is not a leaf yet is left alone: ask again a second later, after nothing is kept of the patient any more.
    """
    key, nobody = reference_key("Patient", patient), reference_key("Patient", ERASED)
    rows = await tx.fetch(_OF, key)
    for row in rows:
        if row["text"] is not None:
            leaf = Leaf(row["text"], tuple(row["items"]))
        else:
            leaf = leaf_of(entry_of(dict(row)), row["index"], row["salt"])
        kept = leaf.without(patient)
        await tx.execute(_LEAF, row["index"], kept.text, list(kept.items))
        await tx.execute(_ROW, row["number"], patient, ERASED, key, nobody)
    return len(rows)
