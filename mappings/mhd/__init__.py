"""IHE MHD submissions (Provide Document Bundle, ITI-65) to FHIR.

In: a transaction Bundle as JSON, with its lists, document references and documents. Out: drafts of these, each document
with its bytes in its DocumentReference; of CDA documents also all that `mappings.cda` makes of them.
"""
