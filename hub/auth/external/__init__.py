"""Sign-in by an OpenID provider: the hub as a relying party (OpenID Connect Core 1.0, code flow with PKCE).

In: the provider the consortium file names, and what a browser brings back from it. Out: who somebody is there (issuer
and subject), and the account an administrator bound to that. Nothing else of a token counts: role, organisation and
purpose come from the account.
"""
