"""Images of the archives under `/dicom-web/{archive}` (DICOMweb, PS3.18): the hub decides, the archive sends.

In: QIDO-RS and WADO-RS requests with a bearer token. Out: studies, series and instances from the hub's own index, and
the archive's bytes as they come. `retrieval` is the grammar of what can be fetched, `question` and `answer` are QIDO-RS
in FHIR and back, `rewriting` and `parts` put the hub's addresses in the place of the archive's, `pump` carries bytes,
`endpoint` is the door. Nothing is kept, and no search reaches an archive.
"""
