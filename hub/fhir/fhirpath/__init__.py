"""FHIRPath 2.0 (N1) with the additions of FHIR R4 (fhirpath.html): text in, a bounded, typed evaluation out.

`engine.compile_expression` reads an expression once; `Expression.evaluate` answers items: values of the System types,
and `Node`s, which know their R4 type and the place they stand at in the JSON. Import nothing of a database here.
"""
