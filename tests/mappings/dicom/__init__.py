"""DICOM to FHIR."""
