"""The one door out: nothing leaves the store but through here.

In: an actor (from a verified token, never from request parameters) and what is asked for. Out: bodies as stored, once
the predicate was part of the SQL, every resource was checked again, and the audit row is durable. What is denied looks
like what is absent.
"""
