"""The number of a source beside its person, so that whom a registration meets is found without looking up Patients."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | None = None
depends_on: str | None = None

# Every statement of a volatile function sees what was committed before that statement began: so what is read after a
# lock is read under it, as if each were sent by itself.
_FUNCTION = """
CREATE OR REPLACE FUNCTION mpi_meet(
    claims bigint[], rights bigint, own_keys uuid[], patients text[], facilities text[], owns text[], digests uuid[],
    packed bytea[], at timestamptz, key_values bigint[], key_owners uuid[], renewed bigint[], wanted bigint[],
    largest int, names bigint[],
    OUT added uuid[], OUT numbers bigint[], OUT shared bigint[], OUT sharing bigint[],
    OUT members bigint[], OUT member_keys uuid[], OUT member_patients text[], OUT member_owns text[],
    OUT member_persons text[], OUT member_features bytea[],
    OUT firsts bigint[], OUT seconds bigint[], OUT decisions bigint[], OUT actors text[], OUT kinds text[],
    OUT losers bigint[],
    OUT counted bigint[], OUT seen int[], OUT registrations bigint
) LANGUAGE plpgsql AS $$
DECLARE
    met text[];
BEGIN
    -- In the order of the array, so that no two transactions wait for each other.
    PERFORM pg_advisory_xact_lock(claim) FROM unnest(claims) AS claim;
    IF cardinality(own_keys) > 0 THEN
        IF EXISTS (SELECT FROM mpi_source AS source WHERE source.pkey = ANY(own_keys)) THEN
            RETURN;
        END IF;
        WITH fresh AS (
            INSERT INTO mpi_source (pkey, patient, facility, person, digest, features, since)
            SELECT new.*, at FROM unnest(own_keys, patients, facilities, owns, digests, packed) AS new
            ON CONFLICT (pkey) DO NOTHING RETURNING pkey, number
        ), keyed AS (
            INSERT INTO mpi_key (key, source)
            SELECT new.key, fresh.number FROM unnest(key_values, key_owners) AS new (key, pkey) JOIN fresh USING (pkey)
            ORDER BY new.key, fresh.number
        )
        SELECT array_agg(fresh.pkey), array_agg(fresh.number) INTO added, numbers FROM fresh;
    END IF;
    -- A key that too many share comes back with nobody.
    SELECT array_agg(asked.key), array_agg(one.source) INTO shared, sharing
    FROM unnest(wanted) AS asked (key)
    CROSS JOIN LATERAL (
        SELECT array_agg(source) AS sources
        FROM (SELECT source FROM mpi_key WHERE mpi_key.key = asked.key LIMIT largest + 1) AS few
    ) AS block
    CROSS JOIN LATERAL unnest(
        CASE WHEN cardinality(block.sources) <= largest THEN block.sources ELSE ARRAY[NULL]::bigint[] END
    ) AS one (source)
    WHERE block.sources IS NOT NULL;
    SELECT array_agg(tally.key), array_agg(tally.seen) INTO counted, seen FROM mpi_count AS tally
    WHERE tally.key = ANY(names);
    SELECT coalesce(max(number), 0) INTO registrations FROM mpi_source;
    IF rights IS NULL THEN
        RETURN;
    END IF;
    {met}
    IF met IS NULL THEN
        RETURN;
    END IF;
    -- What is laid down of those who meet is read after it is held, so none of it is missed.
    PERFORM pg_advisory_xact_lock_shared(rights);
    PERFORM pg_advisory_xact_lock(lock) FROM (
        SELECT hashtextextended('person:' || person, 0) AS lock FROM unnest(met) AS person ORDER BY 1
    ) AS held;
    SELECT array_agg(source.number), array_agg(source.pkey), array_agg(source.patient), array_agg(source.person),
        array_agg(member.person), array_agg(source.features)
    INTO members, member_keys, member_patients, member_owns, member_persons, member_features
    {people}
    SELECT array_agg(edge.first), array_agg(edge.second), array_agg(edge.decision), array_agg(edge.actor),
        array_agg(edge.kind), array_agg(edge.loser)
    INTO firsts, seconds, decisions, actors, kinds, losers
    FROM mpi_edge AS edge WHERE edge.first = ANY(members) AND edge.closed = 0;
END
$$
"""

_BY_NUMBER = {
    "met": """SELECT array_agg(DISTINCT member.person) INTO met FROM member
    WHERE member.number = ANY(sharing || renewed);""",
    "people": "FROM member JOIN mpi_source AS source USING (number) WHERE member.person = ANY(met);",
}
_BY_PATIENT = {
    "met": """SELECT array_agg(DISTINCT member.person) INTO met FROM mpi_source AS source JOIN member USING (pkey)
    WHERE source.number = ANY(sharing || renewed);""",
    "people": "FROM member JOIN mpi_source AS source USING (pkey) WHERE member.person = ANY(met);",
}
_FILL = "UPDATE member SET number = source.number FROM mpi_source AS source WHERE source.pkey = member.pkey"


def upgrade() -> None:
    """Apply."""
    op.add_column("member", sa.Column("number", sa.BigInteger(), nullable=True, comment="of mpi_source"))
    op.execute(_FILL)
    op.create_index("ix_member_number", "member", ["number"], unique=True)
    op.execute(_FUNCTION.format(**_BY_NUMBER))


def downgrade() -> None:
    """Undo."""
    op.execute(_FUNCTION.format(**_BY_PATIENT))
    op.drop_index("ix_member_number", table_name="member")
    op.drop_column("member", "number")
