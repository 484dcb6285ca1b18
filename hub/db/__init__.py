"""PostgreSQL: the shared metadata, connections, compiled statements, group commit, queries that share a statement,
migrations, the embedded cluster.

In: a database URL or a data folder. Out: held asyncpg connections, in a transaction or not. Errors of a lost or full
database leave this package as HubError UNAVAILABLE. Knows no table of its own: each package puts its tables on
`metadata.metadata`.
"""
