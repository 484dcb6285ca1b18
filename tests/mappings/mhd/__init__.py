"""Submissions of IHE MHD to FHIR."""
