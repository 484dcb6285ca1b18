"""From the messages of a sender to a draft of its profile: what is seen is counted, never kept.

In: raw messages. Out: counts (`survey`), and a draft an engineer finishes (`draft`). No value of a patient is kept or
told: kinds, codes, versions and names of segments are, where they look like words.
"""
