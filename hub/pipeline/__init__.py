"""From the wire to the record: the inbox, the lanes, the worker, dead letters with repair and replay.

In: raw messages with their envelope, from connectors. Out: rows of the inbox in exactly one state each, and batches
of translated messages handed to `hub.records.ingest` in the transaction that also settles their states.
"""
