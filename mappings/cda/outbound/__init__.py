"""FHIR to CDA: documents of WS/T 483 that read back to the same facts.

In: resources as the gate let them out. Out: the bytes of a document, by a layout of sections (`tables/layouts.csv`).
"""
