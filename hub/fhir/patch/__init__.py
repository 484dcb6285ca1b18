"""Patches: a document that says how to change a resource, read once, applied to JSON in memory. Pure and bounded.

JSON Patch (RFC 6902), FHIRPath Patch (R4 fhirpatch.html), XML Patch (RFC 5261). In come parsed documents; out goes a
`Change`. Whether its result is a right resource, and whose it is, is judged by whoever writes it.
"""
