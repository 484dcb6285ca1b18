"""FHIR messages (R4 messaging.html): a Bundle of type message in, another out: how prescriptions flow (处方流转).

`message` reads one, `events` has what each event may hold and what is checked of it, `medicines` adds national drug
codes, `writing` turns it into the transaction that the hub writes, `ended` keeps what has ended from coming back,
`lateness` what is old from standing again, `query` answers a question, `answering` makes the Bundle of the answer,
`process` is the operation.
"""
