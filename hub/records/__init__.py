"""The one door in: everything that becomes part of the record passes here, from messages and from API clients alike.

In: translated messages (`ingest`) or a client's interactions (`client`). What is stated is merged with what is stored
(`merge`), described for the gate (`facts`), traced to its source (`provenance`) and handed to the store in bulk.
Out: versions in the store, identity events, and per message what became of it. Never controls a transaction.
"""
