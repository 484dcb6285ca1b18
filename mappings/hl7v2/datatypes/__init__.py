"""Datatype maps: one repetition of a field in, one FHIR value out (None: nothing to say).

Each module offers `DATATYPES`, its maps by the name rows use. A map is a function and the list of the components it
reads with the element each becomes; the conversion report is written from that list. What a function cannot map it
tells the context (`note`, `absent`), so that no component goes unaccounted for.
"""
