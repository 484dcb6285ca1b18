"""The interactions of the FHIR R4 RESTful API, one file each; `routes.py` lists them.

In: an `Ask` (from an HTTP request or from an entry of a Bundle). Out: an `Answer` of ready bytes.
"""
