"""DICOM over the wire (DIMSE): an application entity per feed that takes headers and lets pixels go.

In: C-ECHO, and C-STORE of any storage class. Out: Part 10 headers in the inbox, acknowledged once they are durable.
`trim` cuts a data set before its pixels and writes the file around it, `intake` decides about one object, `server`
listens: who may connect, on which socket, and how it stops. Nothing of an image is kept, so storage is never committed.
"""
