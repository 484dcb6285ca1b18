"""Meeting without edges: who is met comes with a mark if he was merged away, and with edges only if they are asked for.

The function of fifteen parameters stays for a hub of the release before.
"""

from __future__ import annotations

from alembic import op

revision: str = "0045"
down_revision: str | None = "0044"
branch_labels: str | None = None
depends_on: str | None = None

# Every statement of a volatile function sees what was committed before that statement began: so what is read after a
# lock is read under it, as if each were sent by itself. Setting a statement up costs more than most of them do.
_FUNCTION = """
CREATE FUNCTION mpi_meet(
    claims bigint[], rights bigint, own_keys uuid[], patients text[], facilities text[], owns text[], digests uuid[],
    packed bytea[], at timestamptz, key_values bigint[], key_owners uuid[], renewed bigint[], wanted bigint[],
    largest int, names bigint[], edges boolean,
    OUT added uuid[], OUT numbers bigint[], OUT shared bigint[], OUT sharing bigint[],
    OUT members bigint[], OUT member_keys uuid[], OUT member_patients text[], OUT member_owns text[],
    OUT member_persons text[], OUT member_features bytea[], OUT merged bigint[],
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
        -- Whoever adds a source holds the claim to it: nobody adds it between this look and what follows.
        IF EXISTS (SELECT FROM mpi_source AS source WHERE source.pkey = ANY(own_keys)) THEN
            RETURN;
        END IF;
        added := own_keys;
        numbers := ARRAY(SELECT nextval('mpi_source_number_seq') FROM unnest(own_keys));
        INSERT INTO mpi_source (pkey, patient, facility, person, digest, features, number, since)
        OVERRIDING SYSTEM VALUE
        SELECT new.*, at FROM unnest(own_keys, patients, facilities, owns, digests, packed, numbers) AS new;
        INSERT INTO mpi_key (key, source)
        SELECT new.key, numbers[array_position(own_keys, new.owner)]
        FROM unnest(key_values, key_owners) AS new (key, owner);
    END IF;
    SELECT array_agg(asked.key), array_agg(one.source) INTO shared, sharing
    FROM unnest(wanted) AS asked (key)
    CROSS JOIN LATERAL (SELECT source FROM mpi_key WHERE mpi_key.key = asked.key LIMIT largest + 1) AS one;
    -- A key that too many share comes back with nobody.
    IF cardinality(sharing) > largest THEN
        SELECT array_agg(block.key), array_agg(one.source) INTO shared, sharing
        FROM (
            SELECT few.key, array_agg(few.source) AS sources
            FROM unnest(shared, sharing) AS few (key, source) GROUP BY few.key
        ) AS block
        CROSS JOIN LATERAL unnest(
            CASE WHEN cardinality(block.sources) <= largest THEN block.sources ELSE ARRAY[NULL]::bigint[] END
        ) AS one (source);
    END IF;
    SELECT array_agg(tally.key), array_agg(tally.seen), (SELECT coalesce(max(number), 0) FROM mpi_source)
    INTO counted, seen, registrations FROM mpi_count AS tally WHERE tally.key = ANY(names);
    IF rights IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(DISTINCT member.person) INTO met FROM member WHERE member.number = ANY(sharing || renewed);
    IF met IS NULL THEN
        RETURN;
    END IF;
    -- What is laid down of those who meet is read after it is held, so none of it is missed.
    PERFORM pg_advisory_xact_lock_shared(rights);
    PERFORM pg_advisory_xact_lock(lock) FROM (
        SELECT hashtextextended('person:' || person, 0) AS lock FROM unnest(met) AS person ORDER BY 1
    ) AS held;
    SELECT array_agg(source.number), array_agg(source.pkey), array_agg(source.patient), array_agg(source.person),
        array_agg(member.person), array_agg(source.features),
        array_agg(source.number) FILTER (WHERE EXISTS (
            SELECT FROM mpi_edge AS edge WHERE edge.loser = source.number AND edge.closed = 0 AND edge.kind = 'link'
        ))
    INTO members, member_keys, member_patients, member_owns, member_persons, member_features, merged
    FROM member JOIN mpi_source AS source USING (number) WHERE member.person = ANY(met);
    IF edges THEN
        SELECT array_agg(edge.first), array_agg(edge.second), array_agg(edge.decision), array_agg(edge.actor),
            array_agg(edge.kind), array_agg(edge.loser)
        INTO firsts, seconds, decisions, actors, kinds, losers
        FROM mpi_edge AS edge WHERE edge.first = ANY(members) AND edge.closed = 0;
    END IF;
END
$$
"""
_SIGNATURE = (
    "bigint[], bigint, uuid[], text[], text[], text[], uuid[], bytea[], timestamptz, bigint[], uuid[], bigint[],"
    " bigint[], int, bigint[], boolean"
)


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE INDEX ix_mpi_edge_loser ON mpi_edge (loser) WHERE loser IS NOT NULL")
    op.execute(_FUNCTION)


def downgrade() -> None:
    """Undo."""
    op.execute(f"DROP FUNCTION mpi_meet({_SIGNATURE})")
    op.execute("DROP INDEX ix_mpi_edge_loser")
