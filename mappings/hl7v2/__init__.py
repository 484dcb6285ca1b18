"""HL7 v2 (ER7, "pipes and hats") turned into FHIR R4.

The lexical layer comes first: `charset` (bytes to text), `parser` (text to segments, fields and leaves, split when
asked), `escapes` (leaf text), `envelope` (what an inbox needs to know), `batch` (files of several messages) and
`profile` (what is peculiar to a facility). The mapping engine stands on it. In: raw bytes. Out: `Translation`.
"""
