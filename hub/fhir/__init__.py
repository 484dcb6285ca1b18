"""FHIR R4 (4.0.1) as data and pure functions: search parameters, compartments, structure, references, dates, JSON.

In: parsed resources (dict) and request text. Out: index values, references, complaints. No I/O but reading our tables.
"""
