"""The statements behind dossiers: all that is known of some persons in one round trip, and who refers."""

from __future__ import annotations

from typing import Final

from hub.store.resource_types import type_number

#: Source patients named by key ($1), or as sources of a person named by id ($2), and all others of the same person.
_PEOPLE: Final = """
WITH named AS (
    SELECT k.pkey FROM unnest($1::uuid[]) AS k (pkey)
    UNION SELECT m.pkey FROM member m WHERE m.person = ANY($2::text[])
), people AS (
    SELECT DISTINCT coalesce(o.pkey, n.pkey) AS pkey, m.person FROM named n
    LEFT JOIN member m ON m.pkey = n.pkey LEFT JOIN member o ON o.person = m.person
)"""

#: Looked up key by key: joined as a set, each of the tables would be hashed or read through.
_THEIRS: Final = "ANY(ARRAY(SELECT pkey FROM people))"

#: $3, $4: the kind of relation and the parties that matter to the requester; $5: from when on.
#: $6: whether source Patients are read also where there is no consent whose giver's age could matter.
FACTS: Final = f"""{_PEOPLE}
SELECT (SELECT coalesce(max(number), 0) FROM epoch),
    ARRAY(SELECT ROW(p.pkey, p.person, a.patient) FROM people p LEFT JOIN LATERAL (
        SELECT r.patient FROM resource r WHERE r.pkey = p.pkey AND r.patient IS NOT NULL LIMIT 1) a ON TRUE),
    ARRAY(SELECT ROW(c.pkey, c.id, c.patient, c.version, c.compiled) FROM consent_rule c
        WHERE c.pkey = {_THEIRS} ORDER BY c.id),
    ARRAY(SELECT ROW(x.pkey, x.kind, x.party, x.low, x.high) FROM relation x
        WHERE x.pkey = {_THEIRS} AND x.kind = $3 AND x.party = ANY($4::text[]) AND x.high >= $5),
    ARRAY(SELECT ROW(y.pkey, y.patient, y.reference, y.kind, y.status, y.period, y.scope) FROM proxy_entry y
        WHERE y.pkey = {_THEIRS} ORDER BY y.recorded, y.id),
    ARRAY(SELECT ROW(r.pkey, r.body, r.author_org, r.version, r.updated, r.id) FROM resource r
        WHERE r.pkey = {_THEIRS} AND r.key = r.pkey AND r.type = {type_number("Patient")}
        AND NOT r.deleted AND ($6 OR EXISTS (SELECT FROM consent_rule WHERE pkey = {_THEIRS})))
"""

#: What resources ($1, keys) refer to now.
REFERENCES: Final = """
SELECT h.key, r.refs FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key
WHERE h.key = ANY($1::uuid[]) AND NOT r.deleted
"""
