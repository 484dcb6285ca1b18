"""Profiles of FHIR R4: packages of StructureDefinition, ValueSet and CodeSystem, and resources judged by them.

In: a folder of packages (read once, at start), then parsed resources and canonical URLs. Out: issues. What R4 itself
demands is not judged here again: `hub.fhir.validate` does. No database.
"""
