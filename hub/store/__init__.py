"""The FHIR store on PostgreSQL: current versions and history, the search index, its compiler, the outbox, claims.

In: a transaction of `hub.db`, parsed resources with their release facts, parsed queries with the gate's predicate.
Out: ready bytes with the facts a release is decided by. It decides nothing about who may see what; it only applies it.
"""
