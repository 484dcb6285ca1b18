"""Code systems, value sets and concept maps as versioned data, and the operations of FHIR's terminology module on them.

`data` has what comes with the hub. In: files (FHIR resources and packages, CSV) by way of a loader. Out:
`service.Terminology`, which answers lookup, validation, subsumption, expansion and translation. Nothing here is about a
patient. An edition, which is one version of one artefact, never changes once it is ready; which edition of a URL is
current is switched in one statement.
"""
