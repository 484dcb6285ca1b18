"""The core of Yilian Hub: one consented, longitudinal FHIR R4 record for a medical consortium.

A message enters through a connector into the inbox (`hub.pipeline`), is translated by `mappings`, and becomes part
of the record through the one door in (`hub.records`). Everything that leaves passes the one door out (`hub.gate`).
"""
