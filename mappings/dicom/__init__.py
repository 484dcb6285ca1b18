"""DICOM headers, and electrocardiograms in their own formats, turned into FHIR R4.

`header` reads a Part 10 file up to its pixels, whatever is wrong with its beginning or its end, `charset` its text
(PS3.3 C.12.1.1.2) and `item` the elements of a data set as values. On them stand `person` and `identity` (whose study
it is), `study` (ImagingStudy and Endpoint), `structured` and `content` (SR), `document` (encapsulated files), `ecg`
(waveforms); `aecg` and `scp` read the electrocardiograms that are no DICOM. Facts are data: `tables/`.
`assembly` puts the instances of a study together, `report` accounts for every top-level element, `convert` is the whole
for files. In: bytes. Out: drafts, a report, issues. Pixels never leave the archive.
"""
