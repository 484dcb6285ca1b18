"""The operations of FHIR's terminology module (https://hl7.org/fhir/R4/terminology-service.html).

They are about no patient: every authenticated caller may ask them, and no look at a record is put down. A ValueSet that
is stored as a resource and named by its id is read through the gate like any other resource.
"""
