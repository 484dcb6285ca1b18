"""Source formats turned into FHIR: one package per format; the rules are data, the engines are small.

In: raw bytes of a message or document and a facility profile. Out: drafts of resources, a report of what became of
every source field, and issues. Pure: no I/O, no clock; what is needed from elsewhere comes as a port.
"""
