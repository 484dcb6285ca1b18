"""The one door in: everything that becomes part of the record passes here, from messages and from API clients alike.

In: translated messages (`ingest`), a client's interactions (`client`), and what patients and those who act for them lay
down (`consents`, `proxies`, `approvals`), each by its own door; and what an administrator has indexed (`definitions`).
What is stated is merged with what is stored (`merge`), described for the gate (`facts`), traced to its source
(`provenance`) and handed to the store in bulk.
Out: versions in the store, who is one person, who looks after whom and what codes mean (`consequences`), compiled
consents and their epoch, and per message what became of it. What the terminology loads stands here too (`shelf`).
"""
