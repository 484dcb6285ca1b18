"""CDA documents (WS/T 483, WS/T 500, C-CDA R2.1) to FHIR: one engine for sections and entries, driven by tables.

In: the bytes of a file. Out: for every ClinicalDocument in it a Composition with every section, the entries as
resources of their own, the original in a DocumentReference, and a report of every leaf of the document.
Tables (`tables/`, each with its source in the first line) say what is national: document types, numbers, data
elements, units, code systems. Elements are known by name, whatever namespace, prefix or order a sender uses.
"""
