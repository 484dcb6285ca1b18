"""Bulk export and import: jobs that survive restarts, and the files they make (Bulk Data Access 2.0).

In: what a client asked for, admitted by the gate or the records door. Out: the state of a job, and the lines of its
files. Rows come from `hub.gate` as parcels that only the gate can open again, and go in through `hub.records`; this
package keeps bytes and counts, and knows nothing of what is in them.
"""
