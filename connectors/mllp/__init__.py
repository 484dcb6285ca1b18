"""HL7 v2 over MLLP: one listening feed per interface of a facility, and delivery to the systems of facilities.

Hospital (HIS) and laboratory (LIS) systems share this one connector. What tells them apart is their messages, and those
belong to the facility profile and the mapping; frames, limits, TLS and acknowledgement are the same for both, and two
copies would only drift apart. In: bytes of a socket. Out: `Received` messages into the inbox port, and ACK bytes back.

`frame` finds messages in a byte stream, `mode` says which acknowledgements a message wants, `acknowledgement` writes
them, `intake` decides about one message, `connection` keeps order and pace, `server` listens, `sender` sends,
`delivery` says what a receiver's answers mean.
"""
