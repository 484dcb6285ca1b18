"""What leaves by HL7 v2: messages of outbound feeds, and answers to patient queries. Each is a release by the gate.

In: changes in the order of the outbox (as an audience of `hub.events.gathering`), the outbound feeds of the consortium,
queries of inbound feeds. Out: messages over a `Transport`, answers over the connection that asked.

    outbox -> gathering: which feeds -> waiting messages, in lanes -> courier: the gate judges, the writer writes, it is
    on record, it is sent -> AA: done; AE: again; AR, or tried too often: dead letter
"""
