"""The audit trail: one row per request that reached the gate, durable before any byte leaves.

In: an `Entry` (who asked for what, what became of it, whose data it released). Out: certainty that it is on disk,
the list of who looked at a patient's data, and AuditEvent resources by IHE BALP. The trail is data under protection:
it holds the text of queries, which logs never do.
"""
