"""Master patient index: which source patients are one person.

In come `Record`s, a person as one facility wrote it down. They are normalised (`features`), brought together by shared
keys (`blocking`), compared field by field into whole-number levels (`compare`), weighed by a Fellegi-Sunter model that
is a data file (`model`, `score`), judged (`decide`) and gathered into persons (`clusters`); `link` does all of it for a
file. Out go persons, and pairs for a human to review, each with its reasons. All of that is pure; nothing is logged.

Online the same is done in the transaction that writes a Patient (`index`, over `index_read` and `index_write`). There,
decisions make and close edges between sources (`decision`, `people`): of the matcher (`matching`), of messages and
stewards (`statements`, `stewardship`). `lookup` and `match` ask, `golden` gives the one Patient of a person.
"""
