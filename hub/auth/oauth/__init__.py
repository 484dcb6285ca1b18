"""The authorisation server: registered applications, what they are granted, and the OAuth 2.1 and SMART protocol.

In: what a browser asked of the authorisation page, and forms sent to the token endpoints. Out: codes, tokens, refusals
as the RFCs have them, and for each an `Event` that the caller puts into the audit trail. Authlib's grant classes judge
the protocol; what they need is loaded before, under a lock, and what they decide is written after, in one transaction.
"""
