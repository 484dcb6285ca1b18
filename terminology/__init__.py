"""Code systems, value sets and concept maps as versioned data, and the operations of FHIR's terminology module on them.

`data` has what comes with the hub. In: files (FHIR resources and packages, CSV, distributions) by way of a loader, and
resources as they are written, compiled (`stored`). Out: `service.Terminology`, which answers lookup, validation,
subsumption, expansion and translation, tables of closure (`closure_tables`), and resources on a shelf (`shelf`), where
they are read and searched. Nothing here is about a patient. An edition, which is one version of one artefact, never
changes once it is ready; which edition of a URL is current is switched in one statement.
"""
