"""The audit trail: one row per request that reached a door, durable before any byte leaves or any write is answered.

In: an `Entry` (who asked for what, what became of it, whose data it released or wrote). Out: certainty that it is on
disk, the list of who looked at or changed a patient's data, AuditEvent resources by IHE BALP, and a Merkle tree over
the rows with signed checkpoints, which makes it evident when the trail was changed afterwards. The trail is data under
protection: it holds the text of queries, which logs never do.
"""
