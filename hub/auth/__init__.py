"""Who is asking: keys of the installation, tokens of the local issuer, roles, and the directory of organisations; and
what has been laid down for the decision: consents as rules, proxies, approvals, and the epoch in which they hold.

In: the key folder, the consortium file, a bearer token. Out: an `Actor`, the only source of role, organisation and
purpose for everything behind it. Nothing here decides about patient data; that is `hub.gate`.
"""
