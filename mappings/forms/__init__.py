"""Follow-up and examination forms (CSV, Excel, JSON) turned into FHIR R4, one row at a time.

The lexical layer gives rows of texts: `sources` (which kind of file), `delimited`, `workbook`, `json_rows`, `rows`.
Facts are data: `maps/` says which column is which question, what may stand in it and what it becomes; `wording.csv`
says every complaint, in English and for the clerk. `formmap` reads maps, `headers` and `recognise` find out which form
a table is, `profile` what is peculiar to a sender.

`answers` (with `cells`, `dates`, `numbers`, `choices`) turns one cell into typed values; `person`, `visit`,
`observations`, `medications` and `plans` make resources of them; `translator` is the whole for one row, `convert` for
a file, `mending` gives back the rows that could not be taken. In: bytes of a file, or of one row as it stands in the
inbox (a JSON object, column to text). Out: `Translation`.
"""
