"""Master patient index: which source patients are one person.

In come `Record`s, a person as one facility wrote it down. They are normalised (`features`), brought together by shared
keys (`blocking`), compared field by field into whole-number levels (`compare`), weighed by a Fellegi-Sunter model that
is a data file (`model`, `score`), judged (`decide`) and gathered into persons (`clusters`); `link` does all of it for a
file. Out go persons, and pairs for a human to review, each with its reasons. Everything is pure; nothing is logged.
"""
