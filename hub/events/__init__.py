"""Topic-based subscriptions: who asked to be told of which events, and the telling of them.

In: changes in the order of the outbox (`hub.gate.changes`), Subscriptions and questions of clients. Out: notifications
over HTTPS and WebSocket, each judged by the gate as it leaves.
Subscriptions R5 Backport 1.1.0 for R4, https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/.

    outbox -> matcher: topics and filters -> waiting events -> courier: the gate judges, numbers, sends
"""
