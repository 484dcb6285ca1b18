"""HL7 v2 (ER7, "pipes and hats") turned into FHIR R4.

The lexical layer comes first: `charset` (bytes to text), `parser` (text to segments, fields and leaves, split when
asked), `escapes` (leaf text), `envelope` (what an inbox needs to know), `batch` (files of several messages) and
`profile` (what is peculiar to a facility). In: raw bytes. Out: `Translation`.

The mapping stands on it. Facts are data: `rows/` (a source field to a target element), `tables/` (codes). `rowfile`
reads rows, `conditions` and `paths` are their small languages, `datatypes/` turns one repetition of a field into one
FHIR value, `engine` compiles rows to closures. `context` is the state of one translation, `building` a draft in the
making, `trace` what became of fields. `grouping` finds out which segments go together, `resources/` gives resources
their identity, references and required elements, `report` accounts for every leaf. `translator` is the whole for one
message, `convert` for a file.
"""
