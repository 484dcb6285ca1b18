"""FHIR R4 turned into HL7 v2: messages for hospital systems, and answers to their queries.

In: the resources the gate let out (`Outgoing`), or the Patients of an answer. Out: ER7 bytes in the receiver's
character set. Pure. `rows/` say which element fills which field, `fields` reads them, `datatypes` and `values` write
one value, `segments` the segments that need more than rows, `messages` the structures. `style` is what one receiver
wants: version, character set, zone, names of applications and of identifiers.
"""
