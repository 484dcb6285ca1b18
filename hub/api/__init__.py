"""The HTTP face of the hub: FHIR R4 under `/fhir`, health and metrics.

In: HTTP requests with a bearer token. Out: ready bytes from the gate (reads) and from the records door (writes).
Everything it uses is handed to `app.create_app`; one file per interaction of the specification stands in `fhir/`.
"""
